// Settings of the gRPC channel to a worker: one channel, one stream, nothing between the two.
import type { ChannelOptions } from 'nice-grpc'

/** Largest message either side accepts, in bytes. */
export const maxMessageBytes = 16 * 1024 * 1024

/** Settings of the channel to one worker. */
export const channelOptions: ChannelOptions = {
  'grpc.max_receive_message_length': maxMessageBytes,
  'grpc.max_send_message_length': maxMessageBytes,
  // `http_proxy` would capture loopback traffic too.
  'grpc.enable_http_proxy': 0,
  // A call is never run twice behind our back.
  'grpc.enable_retries': 0,
  // A worker's channel must not be shared with the incarnation before it.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.service_config_disable_resolution': 1,
  // Answered without Python's GIL: silence here means that the process is gone or stopped, never that it is busy.
  'grpc.keepalive_time_ms': 5_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.keepalive_permit_without_calls': 1,
  // The default window of 64 KiB halves the rate of large chunks.
  'grpc-node.flow_control_window': 16 * 1024 * 1024,
}

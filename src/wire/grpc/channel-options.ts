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
  // gRPC's own keepalive would end the calls of a healthy worker when the host was suspended: a timer is asked before
  // what has come in is read. Signs of life are looked for by whoever owns the worker.
  // The default window of 64 KiB halves the rate of large chunks.
  'grpc-node.flow_control_window': 16 * 1024 * 1024,
}

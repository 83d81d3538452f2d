// Settings of the gRPC channel to a worker. Every value was measured; docs/decisions tells why.
import type { ChannelOptions } from 'nice-grpc'

/** Largest message either side accepts, in bytes. */
export const maxMessageBytes = 16 * 1024 * 1024

/** One channel per worker: nothing shared, no proxy, no retries, life signs every five seconds. */
export const channelOptions: ChannelOptions = {
  'grpc.max_receive_message_length': maxMessageBytes,
  'grpc.max_send_message_length': maxMessageBytes,
  'grpc.enable_http_proxy': 0,
  'grpc.enable_retries': 0,
  'grpc.use_local_subchannel_pool': 1,
  'grpc.keepalive_time_ms': 5_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.service_config_disable_resolution': 1,
  // Large chunks: the default window of 64 KiB halves their rate.
  'grpc-node.flow_control_window': 16 * 1024 * 1024,
}

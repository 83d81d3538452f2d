// The service, with messages that are read to their last byte or not at all.
import { BinaryReader } from '@bufbuild/protobuf/wire'
import { AttachResponse, WorkerServiceDefinition } from '../gen/snakepit/v1/worker.js'

/**
 * What is generated stops reading at a tag that is none, and gives what it has until there: the rest of the message,
 * the end of a call perhaps, would be lost without a word.
 */
const WholeResponse: typeof AttachResponse = {
  ...AttachResponse,
  decode(input, length) {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input)
    const message = AttachResponse.decode(reader, length)
    if (reader.pos < reader.len) throw new Error(`${reader.len - reader.pos} bytes follow the end of the message`)
    return message
  },
}

const { attach } = WorkerServiceDefinition.methods

/** The service of a worker. */
export const WorkerService = {
  ...WorkerServiceDefinition,
  methods: { attach: { ...attach, responseType: WholeResponse } },
} as const

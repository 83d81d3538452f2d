// What a message may hold.

/** Bytes of the length in front of each message, big-endian. */
export const lengthBytes = 4

/** Largest message either side accepts, in bytes, without the length in front of it. */
export const maxMessageBytes = 16 * 1024 * 1024 + 64 * 1024

/**
 * Most frames, members of lists and entries of maps in one message, all together; the sizes of items are not counted.
 * Each takes a few bytes of a message and many times that in memory.
 */
export const maxMembers = 2 ** 18

/** Lists within lists; the causes of an exception lie within each other. */
export const maxDepth = 64

// What TypeScript lets a program do with streams: checked by `tsc` with everything else; nothing here is run.
import { filter, map, type Observable } from 'rxjs'
import type { Chunk, ChunkStream, Snakepit, ValueStream } from '../../src/index.js'

declare const pit: Snakepit
declare function show(...what: unknown[]): void

interface Epoch {
  readonly epoch: number
  readonly loss: number
}

/** The data of a chunk that may be the final one is not looked into. */
export function theTrap() {
  // @ts-expect-error: untyped
  pit.stream('train').pipe(map((chunk) => chunk.data.loss))
  const session = pit.session('user')
  // @ts-expect-error: untyped, in a session
  session.stream('train').pipe(map((chunk) => chunk.data.loss))
  // @ts-expect-error: typed
  pit.stream<Epoch>('train').pipe(map((chunk) => chunk.data.loss))
  // @ts-expect-error: typed, with a type for what the generator returns
  pit.stream<Epoch, { best: number }>('train').pipe(map((chunk) => chunk.data.loss))
  // @ts-expect-error: taken apart
  pit.stream('train').pipe(map(({ data }) => data.loss))
  // @ts-expect-error: in a subscriber
  pit.stream('train').subscribe((chunk) => show(chunk.data.loss))
  // @ts-expect-error: a function of the program's own
  return (chunk: Chunk<Epoch>) => chunk.data.loss
}

/** Looking at `isFinal`, in whatever way, is enough. */
export async function narrowed() {
  for await (const chunk of pit.stream('train')) {
    show(chunk.data, chunk.seq, chunk.isFinal, chunk.metadata.worker_id)
    if (chunk.isFinal) show(chunk.data.best, chunk.metadata)
    else show(chunk.data.loss * 2, chunk.data[0], chunk.data.deep.er.call(1))
    if (chunk.isFinal === false) show(chunk.data.loss)
    if (chunk.isFinal) continue
    show(chunk.data.loss)
  }
  for await (const { data, isFinal } of pit.stream('train')) if (!isFinal) show(data.loss)
  for await (const { data, isFinal } of pit.stream<Epoch>('train')) if (!isFinal) show(data.loss.toFixed(2))
  for await (const chunk of pit.stream<Epoch, number>('train')) {
    switch (chunk.isFinal) {
      case true:
        show(typeof chunk.data === 'number' ? chunk.data.toFixed(2) : chunk.data.epoch)
        break
      case false:
        show(chunk.data.loss.toFixed(2))
    }
  }
  pit.stream('train').pipe(map((chunk) => (chunk.isFinal ? 0 : chunk.data.loss)))
  pit.stream<Epoch>('train').pipe(
    filter((chunk) => !chunk.isFinal),
    map((chunk) => chunk.data.loss.toFixed(2)),
  )
}

/** Values are what they are, named or not. */
export async function values() {
  for await (const { loss } of pit.stream('train').values()) show(loss.toFixed(2))
  for await (const token of pit.stream('talk').values()) process.stdout.write(token)
  for await (const { loss } of pit.stream<Epoch>('train').values()) show(loss.toFixed(2))
  // @ts-expect-error: a member that it has not
  for await (const { gain } of pit.stream<Epoch>('train').values()) show(gain)
  const losses: Observable<number> = pit
    .stream<Epoch>('train')
    .values()
    .pipe(map(({ loss }) => loss))
  const untyped: Observable<string> = pit
    .stream('train')
    .values()
    .pipe(map(({ loss }) => loss))
  const all: Epoch[] = await pit.stream<Epoch>('train').toArray()
  const { best }: { best: number } = await pit.stream<Epoch, { best: number }>('train').final()
  const nothing: null = await pit.stream<Epoch>('train').final()
  const anything: Epoch = await pit.stream('train').final()
  const iterator = pit.stream<Epoch>('train').values()[Symbol.asyncIterator]()
  await using _ = iterator
  await iterator.throw?.(new Error('enough'))
  show(losses, untyped, all, best, nothing, anything)
}

/** Streams fit where streams of less are wanted, and the type may come from there. */
export function fitting() {
  const named: ChunkStream<Epoch> = pit.stream('train')
  const less: ChunkStream<{ readonly loss: number }> = pit.stream<Epoch>('train')
  const nothing: ChunkStream = pit.stream<Epoch>('train')
  const untyped: ChunkStream = pit.stream('train')
  const value: ValueStream<{ readonly loss: number }> = pit.stream<Epoch>('train').values()
  const chunks: AsyncIterable<Chunk<Epoch>> = pit.stream<Epoch>('train')
  show(named, less, nothing, untyped, value, chunks)
  void onEach(pit.stream<Epoch>('train'), ({ loss }) => show(loss))
}

/** Functions over streams of any kind. */
export async function onEach<T>(stream: ChunkStream<T>, use: (data: T) => void): Promise<void> {
  for await (const chunk of stream) if (!chunk.isFinal) use(chunk.data)
}

export async function* valuesOf<T>(tool: string): AsyncGenerator<T> {
  yield* pit.stream<T>(tool).values()
}

export function streamOf<T>(tool: string): ChunkStream<T> {
  return pit.stream(tool)
}

/** It is no promise, and may be returned from an async function. */
export async function later(): Promise<ChunkStream<Epoch>> {
  return pit.stream<Epoch>('train')
}

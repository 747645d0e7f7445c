/**
 * A model as what it asks of hosts, the engine's way of laying it out included. Layers are divided into runs, one for each member;
 * sums run over the layers before a place, so that a run costs a subtraction.
 */
export interface ModelLoad {
  readonly layerCount: number
  /** Bytes of the first n layers: weights, cache, and what the engine adds for each. */
  readonly needUpTo: Float64Array
  /** Of all layers, the cache alone. */
  readonly cacheBytes: number
  /** Bytes read for a token by the first n layers. */
  readonly readUpTo: Float64Array
  /** On every member. */
  readonly everyBytes: number
  /** On the one member that the others report to. */
  readonly headBytes: number
  /** On the member with the last layers. */
  readonly tailBytes: number
  /** Of both, what a member that is both has once only. */
  readonly sharedBytes: number
  /** Read for each token by the member with the last layers. */
  readonly tailReadBytes: number
}

/** A member as the division of layers sees it. */
export interface LoadBearer {
  readonly budgetBytes: number
  readonly msPerByte: number
  readonly msPerLayer: number
}

/** Bytes that a run of layers takes on a member. */
export function needOf(load: ModelLoad, from: number, to: number, isHead: boolean): number {
  const layers = (load.needUpTo[to] ?? 0) - (load.needUpTo[from] ?? 0) + load.everyBytes
  if (to !== load.layerCount) return isHead ? layers + load.headBytes : layers
  return layers + load.tailBytes + (isHead ? load.headBytes - load.sharedBytes : 0)
}

/** What a run of layers costs each token. */
export function runMs(load: ModelLoad, { msPerByte, msPerLayer }: LoadBearer, from: number, to: number): number {
  const read = (load.readUpTo[to] ?? 0) - (load.readUpTo[from] ?? 0) + (to === load.layerCount ? load.tailReadBytes : 0)
  return read * msPerByte + (to - from) * msPerLayer
}

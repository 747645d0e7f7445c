/** A promise together with the functions that settle it. */
export interface Deferred<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
  readonly reject: (reason: unknown) => void
}

/** Makes a {@link Deferred}. Settling it twice has no effect, as with any promise. */
export function deferred<T>(): Deferred<T> {
  return Promise.withResolvers<T>()
}

import type { WaitingJob } from "./snapshot.ts"

/**
 * What decides where a job may run. Jobs of one shape are interchangeable within a pass: what one of them cannot have,
 * none of them can, so each host is tried once per shape and not once per job.
 */
export type Shape = Pick<
  WaitingJob,
  "user" | "resources" | "partition" | "hostWanted" | "hasSecrets" | "data" | "workspace" | "crashes" | "kept"
>

/** Sorts jobs into shapes, each with one `T` of the caller's. */
export class ShapeIndex<T> {
  readonly #make: (shape: Shape) => T
  readonly #byKey = new Map<string, T>()
  #last: { readonly shape: Shape; readonly entry: T } | undefined

  constructor(make: (shape: Shape) => T) {
    this.#make = make
  }

  get(job: Shape): T {
    // Most queues hold long runs of one shape: comparing with the last one spares the key.
    if (this.#last !== undefined && isSame(this.#last.shape, job)) return this.#last.entry
    const { resources } = job
    const key = `${resources.memoryBytes}/${resources.gpus}/${resources.cores}/${job.hasSecrets}/${JSON.stringify([job.user, job.partition, job.hostWanted, job.workspace?.root, ...job.data.map(({ name, root }) => [name, root]), job.crashes ?? [], job.kept ?? []])}`
    let entry = this.#byKey.get(key)
    if (entry === undefined) {
      entry = this.#make(job)
      this.#byKey.set(key, entry)
    }
    this.#last = { shape: job, entry }
    return entry
  }
}

type Crashes = NonNullable<Shape["crashes"]>
const NONE: Crashes = []

function sameCrashes(a: Crashes, b: Crashes): boolean {
  return a.length === b.length && a.every(({ host, times }, i) => host === b[i]?.host && times === b[i].times)
}

type Kept = NonNullable<Shape["kept"]>
const FREE: Kept = []

function sameKept(a: Kept, b: Kept): boolean {
  return a === b || (a.length === b.length && JSON.stringify(a) === JSON.stringify(b))
}

function isSame(a: Shape, b: Shape): boolean {
  return (
    a.user === b.user &&
    a.resources.memoryBytes === b.resources.memoryBytes &&
    a.resources.gpus === b.resources.gpus &&
    a.resources.cores === b.resources.cores &&
    a.hostWanted === b.hostWanted &&
    a.partition === b.partition &&
    a.hasSecrets === b.hasSecrets &&
    a.workspace?.root === b.workspace?.root &&
    sameCrashes(a.crashes ?? NONE, b.crashes ?? NONE) &&
    sameKept(a.kept ?? FREE, b.kept ?? FREE) &&
    a.data.length === b.data.length &&
    a.data.every(({ name, root }, i) => name === b.data[i]?.name && root === b.data[i]?.root)
  )
}

import type { BlobHash, HostId, JobId } from "./ids.ts"

/** GET /v1/data: what the caller may use; an administrator sees all. GET /v1/data/NAME */
export interface StoredDataView {
  readonly name: string
  readonly user: string
  readonly shared: boolean
  readonly createdAt: number
  /** Oldest first; none for data that only hosts have. */
  readonly versions: readonly {
    readonly version: number
    readonly root: BlobHash
    readonly files: number
    readonly bytes: number
    readonly addedAt: number
    /** Names of connected hosts on which it lies. */
    readonly hosts: readonly string[]
    /** Names of hosts that are just getting it, and how far they are. */
    readonly coming: readonly { readonly host: string; readonly doneBytes: number; readonly totalBytes: number }[]
  }[]
  readonly places: readonly {
    readonly host: HostId
    readonly hostName: string
    readonly path: string
    readonly provedAt: number
    /** Why it could not be used the last time; `null` when it could. */
    readonly problem: string | null
    /** Jobs may change what lies there, as who added it said. */
    readonly writable: boolean
  }[]
  /** Unfinished jobs that were sent with it, as far as the caller may know: their numbers. */
  readonly jobs: readonly JobId[]
}

/** PUT /v1/data/NAME/version: the tree, whole among the caller's blobs, becomes the next version. `shared: null` leaves that as it is. */
export interface DataVersionRequest {
  readonly root: BlobHash
  readonly shared: boolean | null
}
/**
 * PUT /v1/data/NAME/place: what lies at this path of a host, proved by a real read there. Refused where jobs' account could
 * write there, unless `writable` says that this is wanted.
 */
export interface DataPlaceRequest {
  readonly host: string
  readonly path: string
  readonly writable: boolean
  readonly shared: boolean | null
}
/** DELETE /v1/data/NAME?force=true|false: refused while unfinished jobs need it, unless forced; those that wait then fail. */

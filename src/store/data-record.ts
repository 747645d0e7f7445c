import type { BlobHash, HostId } from "../protocol/ids.ts"

/** Data as it is stored: a name with versions on the server, or with places on hosts. Times are milliseconds since 1970. */
export interface DataRecord {
  readonly name: string
  /** Who added it: its versions are among this user's blobs. */
  readonly user: string
  /** Everybody may use it. */
  readonly shared: boolean
  readonly createdAt: number
  /** Oldest first. */
  readonly versions: readonly DataVersion[]
  readonly places: readonly DataPlace[]
}

export interface DataVersion {
  readonly version: number
  readonly root: BlobHash
  readonly files: number
  readonly bytes: number
  readonly addedAt: number
}

export interface DataPlace {
  readonly host: HostId
  /** Absolute, on that host. */
  readonly path: string
  /** When a real read there succeeded. */
  readonly provedAt: number
  /** Why it could not be used the last time; `null` when it could. */
  readonly problem: string | null
  /** Who added it wants that jobs may write there. */
  readonly writable: boolean
}

/** What server and agents say to each other about stored data. */
import type { ErrorBody } from "./errors.ts"
import type { BlobHash } from "./ids.ts"

/** Where one other host may fetch data just now. */
export interface DataOffer {
  readonly addresses: readonly string[]
  readonly port: number
  /** Opens it once. Known to the server and the two hosts, written nowhere. */
  readonly key: string
}

/** What a host says that fetches blobs from another: each that has come, verified; or why it can take none. */
export type DataFetched = { readonly have: BlobHash } | ErrorBody

/** What a host found at a path that was said to hold data. */
export interface PlaceLook {
  /** As the host itself calls it: absolute, links followed. */
  readonly path: string
  readonly entries: number
  /** Why it cannot be used, in words; `null` when it can. */
  readonly problem: string | null
  readonly hint: string | null
  /** Something there that jobs' account may write: the folder, or what a sample of it found; `null`: none was found. */
  readonly writable: string | null
}

/** Data for an attempt: a tree to be laid out, or what lies at a place of this host. */
export interface OrderData {
  readonly name: string
  /** In the job's folder. */
  readonly path: string
  readonly root: BlobHash | null
  readonly bytes: number
  readonly place: string | null
  /** Of a place: who added it wants that jobs may write there. Absent in orders of older servers. */
  readonly writable?: boolean
}

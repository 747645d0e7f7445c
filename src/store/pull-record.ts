import type { PullId } from "../protocol/ids.ts"
import type { PullState } from "../protocol/pull-api.ts"

/** A model that is fetched from a hub. Times are milliseconds since 1970. */
export interface PullRecord {
  readonly id: PullId
  readonly user: string
  /** Of the data that it becomes. */
  readonly name: string
  readonly shared: boolean | null
  /** Address of the hub. */
  readonly hub: string
  /** Name of the user's secret with the token; `null`: none was named. */
  readonly secret: string | null
  readonly revision: string
  readonly model: PulledModel
  readonly state: PullState
  readonly reason: string | null
  /** Of the data, once it is done. */
  readonly version: number | null
  readonly createdAt: number
  readonly endedAt: number | null
}

/** What is fetched: files of one commit. */
export interface PulledModel {
  readonly repository: string
  readonly commit: string
  readonly label: string | null
  readonly files: readonly PulledFile[]
}

export interface PulledFile {
  /** In the repository. */
  readonly path: string
  readonly bytes: number
  readonly hash: { readonly kind: "sha256" | "git"; readonly hex: string }
}

/** By what a file's bytes are known, as text. */
export function contentOf({ hash }: Pick<PulledFile, "hash">): string {
  return `${hash.kind}:${hash.hex}`
}

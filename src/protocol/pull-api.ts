import type { PullId } from "./ids.ts"

/** pulling: its files come; done: they are a version of the data; failed, cancelled: what has come stays for a while. */
export const PULL_STATES = ["pulling", "done", "failed", "cancelled"] as const
export type PullState = (typeof PULL_STATES)[number]

/** POST /v1/pulls: a model of a repository becomes named data. */
export interface PullRequest {
  /** "owner/name". */
  readonly repository: string
  /** A branch, a tag or a commit. */
  readonly revision: string
  /** Which of its models: a quantisation, a file, or "safetensors"; `null`: the one there is. */
  readonly pick: string | null
  /** What the data shall be called; `null`: as the repository. */
  readonly name: string | null
  /** `null` leaves that as it is. */
  readonly shared: boolean | null
  /** Address of the hub; `null`: the server's. Another than that or Hugging Face's takes the admin role. */
  readonly hub: string | null
  /** Name of the caller's secret with the token; `null`: HF_TOKEN, if there is one. */
  readonly secret: string | null
  /** false: what makes a GGUF model see images stays there. */
  readonly images: boolean
}

/** A model that is fetched, or was. Whoever fetches it and administrators see it. */
export interface PullView {
  readonly id: PullId
  readonly user: string
  /** Of the data. */
  readonly name: string
  readonly repository: string
  readonly revision: string
  readonly commit: string
  /** What was picked, as a name for it. */
  readonly label: string | null
  readonly hub: string
  readonly state: PullState
  /** Why it failed, or what it waits for; `null` where there is nothing to say. */
  readonly reason: string | null
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly doneBytes: number }[]
  readonly totalBytes: number
  /** Of that, what is here. */
  readonly doneBytes: number
  /** What came from the hub in this run of the server; the rest was here already. */
  readonly fetchedBytes: number
  /** Of the data, once it is done. */
  readonly version: number | null
  readonly createdAt: number
  readonly endedAt: number | null
}

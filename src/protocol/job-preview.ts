import type { WhyAnswer } from "./api.ts"

/** POST /v1/jobs/preview `{ specs }`: where jobs could run that are not sent, as things are, each as if it alone were sent now. */
export interface JobPreviews {
  readonly jobs: readonly JobPreview[]
}

export interface JobPreview extends Pick<WhyAnswer, "summary" | "code" | "hosts"> {
  /** "up to 400 MB over Wi-Fi to mac-3: about 14 s; mac-1 is wired", of where it would start now; `null` where there is nothing to say. */
  readonly travel: string | null
  readonly data: readonly {
    readonly name: string
    /** In the job's folder. */
    readonly path: string
    /** `null` for what only hosts have. */
    readonly version: number | null
    readonly bytes: number
    /** Names of hosts on which it lies. */
    readonly hosts: readonly string[]
  }[]
}

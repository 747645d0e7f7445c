import type { WhyAnswer } from "./api.ts"

/** POST /v1/jobs/preview `{ specs }`: where jobs could run that are not sent, as things are, each as if it alone were sent now. */
export interface JobPreviews {
  readonly jobs: readonly JobPreview[]
}

export interface JobPreview extends Pick<WhyAnswer, "summary" | "code" | "hosts"> {
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

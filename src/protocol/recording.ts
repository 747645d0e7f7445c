/** GET /v1/hosts/HOST/record: what a host printed, without what tells of its people. */
export interface HostRecording {
  /** ISO 8601, UTC. */
  readonly takenAt: string
  /** Model and version, which all names of files end in. */
  readonly label: string
  readonly files: readonly { readonly name: string; readonly text: string }[]
  readonly commands: readonly RecordedFile[]
  /** How many different values of each kind were masked. */
  readonly masked: Readonly<Record<string, number>>
  /** Files that could not be masked without changing what is read from them. */
  readonly leftOut: readonly string[]
}

export interface RecordedFile {
  readonly file: string
  readonly command: string
  readonly exitCode: number | null
  readonly outcome: "ended" | "timed_out" | "missing"
}

/**
 * What a Mac is, as its own commands said at the latest contact: a part of `HostFacts`. A value is known or `null`; why it is
 * `null` stands in `unknown`. Nothing here is guessed.
 */
export interface MacFacts {
  /** "Mac15,14". */
  readonly model: string | null
  /** As people know it: "Mac Studio (M3 Ultra, 2025)". */
  readonly modelName: string | null
  readonly formFactor: "laptop" | "desktop" | null
  /** "Apple M3 Ultra". */
  readonly chip: string | null
  /** Cores of each kind, the fastest first. Kinds are called what the system calls them; `null` where it has no name for one. */
  readonly cores: readonly CoreKind[] | null
  readonly gpuCores: number | null
  readonly memoryBytes: number | null
  /** Of memory, in GB/s, from the table of chips. */
  readonly bandwidthGbPerS: number | null
  /** Of the GPU, in TFLOPS, from the table of chips. */
  readonly fp32Tflops: number | null
  /** What the GPU may hold, in MB, as somebody set it; 0 is the system's own policy. */
  readonly gpuWiredLimitMb: number | null
  readonly macosVersion: string | null
  readonly macosBuild: string | null
  /** Whether it can be a host at all. */
  readonly verdict: "accepted" | "refused" | null
  /** What speaks against it: intel_mac, virtual_machine, rosetta, macos_too_old. */
  readonly refusals: readonly string[]
  readonly unknown: readonly UnknownFact[]
}

export interface CoreKind {
  readonly kind: string | null
  readonly count: number
}

/** Why a value is not known. */
export interface UnknownFact {
  /** The name of the field. */
  readonly fact: string
  /** Stable: missing_command, not_permitted, timed_out, no_such_key, truncated, garbage, implausible, contradictory, not_in_table. */
  readonly reason: string
  /** In words. */
  readonly text: string
}

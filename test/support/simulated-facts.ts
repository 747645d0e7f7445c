import type { Examination } from "../../src/protocol/doctor-wire.ts"
import type { HostFacts } from "../../src/protocol/host.ts"

/** A small Linux host. */
export const HOST_FACTS: HostFacts = {
  platform: "linux",
  arch: "x64",
  system: "Simulated 1",
  model: null,
  chip: "Simulated",
  cores: 2,
  memoryBytes: 8 * 1024 ** 3,
  gpus: 0,
  hostname: "simulated",
  user: "jobs",
  home: "/home/jobs",
  bootId: "boot-1",
  timeZone: "UTC",
  diskFreeBytes: 100 * 1024 ** 3,
}

/** What a Linux host says that is to examine itself. */
export const LINUX_EXAMINATION: Examination = {
  head: {
    platform: "linux",
    agentVersion: "simulated",
    now: Date.now(),
    uvVersions: [],
    pythonVersions: [],
    diskFreeBytes: HOST_FACTS.diskFreeBytes,
    names: [],
  },
  outputs: [],
}

/** An agent's answer to POST /doctor. */
export async function* examinationLines({ head, outputs }: Examination): AsyncGenerator<Uint8Array> {
  for (const line of [head, ...outputs, { end: true }]) yield Buffer.from(`${JSON.stringify(line)}\n`)
}

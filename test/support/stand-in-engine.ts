import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { LabHost } from "../lab/lab-host.ts"

/** What the stand-in's processes are called, for tests that look for them. */
export const STAND_IN = "stand-in-engine.mjs"

/** Puts programs by the names of llama.cpp's where jobs of this host find them. */
export function putStandInEngine(host: LabHost): void {
  const folder = join(host.files, ".local/bin")
  mkdirSync(folder, { recursive: true })
  copyFileSync(join(import.meta.dirname, STAND_IN), join(folder, STAND_IN))
  for (const [name, role] of [
    ["llama-server", "head"],
    ["ggml-rpc-server", "worker"],
  ] as const) {
    const program = join(folder, name)
    writeFileSync(program, `#!/bin/sh\nexec "$WINDFALL_NODE" "\${0%/*}/${STAND_IN}" ${role} "$@"\n`)
    chmodSync(program, 0o755)
  }
}

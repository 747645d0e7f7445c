import { chmodSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/**
 * Makes a folder of scripts that stand for Apple's developer-tool stubs where the tools are missing. The stubs would open a
 * dialog on the owner's screen and wait there; these say what is missing and fail at once. Returns the folder, or `null` when there is nothing to mask.
 */
export function makeStubFolder(path: string, names: readonly string[]): string | null {
  if (names.length === 0) return null
  mkdirSync(path, { recursive: true, mode: 0o700 })
  for (const name of names) {
    const file = join(path, name)
    writeFileSync(file, script(name), { mode: 0o700 })
    chmodSync(file, 0o700)
  }
  return path
}

function script(name: string): string {
  const advice = name.startsWith("p")
    ? "Send the job with --python 3.12, or with a requirements.txt in its folder: Windfall then brings a Python"
    : "Ask the owner of this Mac to run: xcode-select --install"
  return `#!/bin/sh
echo "windfall: ${name}: this Mac has no developer tools (what is in /usr/bin only opens an installer)" >&2
echo "windfall: ${advice}" >&2
exit 127
`
}

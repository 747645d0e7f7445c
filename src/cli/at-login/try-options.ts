import { DEFAULT_PORT } from "../../protocol/api.ts"
import { fs, os, path } from "../builtin.ts"
import type { Cli } from "../cli.ts"
import { serverOn } from "../server-process/server-note.ts"
import { spawnServer } from "../server-process/spawn-server.ts"
import { stopServer } from "../server-process/stop-server.ts"

/**
 * Tries a server's options on an empty folder, beside the server that runs on `data`: that one is stopped only for options
 * that work. @throws {WindfallError} what the server says of them
 */
export async function tryOptions(cli: Cli, options: readonly string[], data: string): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "windfall-options-"))
  try {
    const words = elsewhere(options, folder, heldPort(cli, data))
    const { ready } = await spawnServer({ arguments: words, logFile: null, onWords: () => {} })
    await stopServer(cli, ready.pid, "SIGTERM")
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** The port of the server that will make room; `undefined` where nobody has noted it. */
function heldPort(cli: Cli, data: string): string | undefined {
  const note = serverOn(cli.settings, data)
  if (note === undefined) return undefined
  const { port, protocol } = new URL(note.url)
  return port || (protocol === "https:" ? "443" : "80")
}

/** The same options with another folder, and any free port in place of one that comes free by itself. */
function elsewhere(options: readonly string[], folder: string, held: string | undefined): string[] {
  const words = [...options]
  words[words.indexOf("--data") + 1] = folder
  const at = words.indexOf("--port")
  const wanted = at === -1 ? `${DEFAULT_PORT}` : words[at + 1]
  const port = held === undefined || wanted === held ? "0" : `${wanted}`
  if (at === -1) words.push("--port", port)
  else words[at + 1] = port
  return words
}

import { WindfallError } from "../../protocol/errors.ts"
import type { Cli } from "../cli.ts"

const STOP_MS = 30_000
const LOOK_MS = 50

/** Stops a server and waits for its end. @throws {WindfallError} internal when it does not end */
export async function stopServer(cli: Pick<Cli, "clock">, pid: number, signal: NodeJS.Signals): Promise<void> {
  process.kill(pid, signal)
  const startedAtMs = cli.clock.monotonicMs()
  while (isRunning(pid)) {
    if (cli.clock.monotonicMs() - startedAtMs > STOP_MS) {
      throw new WindfallError("internal", `Cannot stop the server: process ${pid} does not end`, {
        hint: "Kill it: windfall down --now",
      })
    }
    await cli.clock.sleep(LOOK_MS)
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

import { parseDuration } from "../../src/base/duration.ts"
import type { LabHost } from "./lab.ts"
import { MAC_WORDS } from "./mac/mac-words.ts"

export const HOST_WORDS =
  "cut|restore|restart|sleep [TIME]|wake|processes|log, shape MBIT (0: as fast as it goes), delay MS"

/** Does to a host what was typed, `WORD HOST MORE...`; hosts by name or by number from 1. Returns what to show. @throws what is not understood */
export async function obey(
  hosts: readonly LabHost[],
  [word = "", which = "", ...more]: readonly string[],
): Promise<string> {
  const host = hosts.find(({ name }, at) => name === which || `${at + 1}` === which)
  if (host === undefined) throw new Error(`There is no host ${which}: ${hosts.map(({ name }) => name).join(", ")}`)
  const [value = ""] = more
  const acts: Record<string, () => unknown> = {
    cut: () => host.cut(),
    restore: () => host.restore(),
    restart: () => host.restart(),
    sleep: () => sleep(host, value),
    wake: () => host.wake(),
    shape: () => host.shape(Number(value) || null),
    delay: () => host.delay(Number(value)),
    processes: () => host.processes().map(({ pid, command }) => `${pid} ${command}`),
    log: () => [...host.sshdLog],
  }
  const macWord = MAC_WORDS[word]
  if (acts[word] === undefined && macWord === undefined) throw new Error(`There is no word ${word}`)
  const answer = await (acts[word]?.() ?? macWord?.act(host.mac, more))
  if (Array.isArray(answer)) return answer.join("\n")
  return `${word}: ${host.name}${typeof answer === "string" ? `, ${answer}` : ""}`
}

/** For so long, or until `wake`. A Mac that is told how long knows afterwards that it slept. */
async function sleep(host: LabHost, time: string): Promise<void> {
  if (time === "") return host.sleep()
  const ms = parseDuration(time)
  // Whoever typed it need not wait.
  if (host.kind === "mac") void host.mac.sleep(ms)
  else void host.sleep().then(() => setTimeout(() => void host.wake(), ms))
}

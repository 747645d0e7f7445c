import { WindfallError } from "../../protocol/errors.ts"
import type { HostView } from "../../protocol/host.ts"
import { nodeChildProcess, os } from "../builtin.ts"
import type { Cli } from "../cli.ts"
import { Client } from "../client.ts"
import { type Login, readLogin } from "../config.ts"

const ANSWER_MS = 30_000
const HOST_MS = 20_000
const LOOK_MS = 250

/** Waits until the server that the system has started answers. @throws {WindfallError} server_unreachable */
export async function proveAnswer(cli: Cli, way: Omit<Login, "token">, logFile: string): Promise<void> {
  const answered = await until(cli, ANSWER_MS, async () => {
    const client = new Client({ login: { ...way, token: "" }, clock: cli.clock, random: cli.random })
    try {
      await client.get("/v1/health")
      return true
    } finally {
      client.close()
    }
  })
  if (answered !== undefined) return
  throw new WindfallError(
    "server_unreachable",
    `Cannot prove that the server starts at login: nothing answers at ${way.url}`,
    {
      hint: `Its words are in ${logFile}. Take it back: windfall up --at-login --off`,
    },
  )
}

/** Whether the server so started reaches a host, in words: what cannot be told is called unproved. */
export async function hostProof(cli: Cli, url: string): Promise<string> {
  const login = storedLogin(cli)
  if (login?.url !== url) return "whether it reaches a host is unproved: you are not logged in to it here"
  const client = new Client({ login, clock: cli.clock, random: cli.random })
  const ask = async () => (await client.get<{ hosts: HostView[] }>("/v1/hosts")).hosts
  try {
    const hosts = await ask()
    // This very machine is reached without ssh, and proves nothing.
    const isOther = ({ address }: HostView) => !address.startsWith("local:")
    if (!hosts.some(isOther)) return "whether it reaches a host is unproved: it has none yet"
    const ready = await until(cli, HOST_MS, async () =>
      (await ask()).find((host) => isOther(host) && host.link === "ready"),
    )
    if (ready !== undefined) return `it reaches ${ready.name}`
    const [first] = (await ask()).filter(isOther)
    const reason = first?.reason ?? first?.link
    return `whether it reaches a host is unproved: within ${HOST_MS / 1000} s none was there (${first?.name}: ${reason})`
  } finally {
    client.close()
  }
}

/** What a system does to a server that it starts at login, and what to do about it. */
export function systemNotes(platform: NodeJS.Platform): string[] {
  if (platform === "darwin") {
    return [
      "macOS lets programs from Terminal and over ssh into the local network; what starts at login must be allowed: System Settings > Privacy & Security > Local Network, switch on node. Until then hosts answer No route to host",
      "it starts when this account logs in, not before: after a restart of the Mac somebody must",
    ]
  }
  const { stdout } = nodeChildProcess().spawnSync(
    "loginctl",
    ["show-user", os.userInfo().username, "--property=Linger", "--value"],
    { encoding: "utf8", timeout: 5_000 },
  )
  if (stdout?.trim() === "yes") return ["it starts with the machine, and stays when you log out (linger is on)"]
  return ["it starts when you log in and ends when you log out; to have it without: loginctl enable-linger"]
}

function storedLogin(cli: Cli): Login | undefined {
  try {
    return readLogin(cli.settings)
  } catch {
    return undefined
  }
}

/** Asks until there is an answer that holds, or `undefined` after a while. */
async function until<T>(cli: Cli, limitMs: number, ask: () => Promise<T | undefined>): Promise<T | undefined> {
  const endAtMs = cli.clock.monotonicMs() + limitMs
  for (;;) {
    const answer = await ask().catch(() => undefined)
    if (answer !== undefined || cli.clock.monotonicMs() >= endAtMs) return answer
    await cli.clock.sleep(LOOK_MS)
  }
}

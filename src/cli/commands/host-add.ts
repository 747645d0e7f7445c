import type { HostAddRequest, JoinStep } from "../../protocol/api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { HostView } from "../../protocol/host.ts"
import { readCount } from "../../protocol/job-values.ts"
import type { Cli } from "../cli.ts"
import { command } from "../command-line/command.ts"
import { flag, list, notEmpty, value } from "../command-line/option.ts"
import { readLabels } from "../command-line/read-labels.ts"
import { readJsonLines } from "../event-stream.ts"
import { letServerIn } from "../owner/let-server-in.ts"
import { askYes } from "../prompt.ts"
import { StatusLine } from "../render/status-line.ts"
import { printable } from "../render/table.ts"
import { printJson } from "../say.ts"
import { serverAt } from "../server-process/server-note.ts"
import { accountPage } from "./host-account.ts"
import { changeAddress } from "./host-address.ts"
import { confirmHostKey } from "./host-key.ts"
import { findHost, hostPage } from "./host-show.ts"

export const hostAdd = command({
  name: "host add",
  operands: "[USER@]MACHINE",
  about:
    "Lets a machine join over SSH: its key is shown for you to confirm, its system checked, the runtime sent, the agent started. No root, no package, no open port. Jobs of everybody run as the account you name: give Windfall one of its own on that Mac. Needs the admin role.",
  minimum: 1,
  maximum: 1,
  options: {
    name: value(
      "NAME",
      "what to call it (default: as its address says; where that is a number, its own name)",
      notEmpty,
      { short: "n" },
    ),
    port: value("N", "its SSH port, where the ssh configuration does not say", (text) => readCount(text, 1, 65535)),
    owner: value("USER", "whose Mac it is", notEmpty),
    consoleAccount: value("ACCOUNT", "the owner's account on it: who may pause it at the Mac itself", notEmpty),
    fleet: value("NAME", "the fleet it belongs to", notEmpty),
    label: list("NAME=VALUE", "a label, for instance room=2.14", { short: "l" }),
    fingerprint: value("SHA256:...", "its key, known beforehand: nobody is asked", notEmpty),
    accountOfOwner: flag("its owner lets jobs run in an account that is an administrator's or in daily use"),
    takeOver: flag("take it from another server, if nothing runs there"),
    json: flag("print each step as JSON"),
  },
  examples: [["windfall host add windfall@studio-3.local --owner mia", "mia's Mac, with an account for Windfall"]],
  async run(cli, options, [address = ""]) {
    checkAddress(address)
    const port = options.port ?? null
    const labels = readLabels(options.label)
    const given = { port, name: options.name, owner: options.owner, fleet: options.fleet }
    const again = ["windfall host add", address]
    for (const [flag, text] of Object.entries(given))
      if (text !== null && text !== undefined) again.push(`--${flag} ${text}`)
    if (options.consoleAccount !== undefined) again.push(`--console-account ${options.consoleAccount}`)
    for (const label of options.label) again.push(`--label ${label}`)
    const hostKey = address.startsWith(THIS_MACHINE)
      ? ""
      : await confirmHostKey(cli, { address, port, name: options.name ?? null }, options.fingerprint, again.join(" "))
    const request: HostAddRequest = {
      address,
      port,
      name: options.name ?? null,
      owner: options.owner ?? null,
      consoleAccount: options.consoleAccount ?? null,
      fleet: options.fleet ?? null,
      labels,
      hostKey,
      takeOver: options.takeOver,
      accountOfOwner: options.accountOfOwner,
    }
    const join = async (signal?: AbortSignal) => {
      const body = await cli.client.open("POST", "/v1/hosts", { body: request, changes: true, signal })
      return showSteps(cli, readJsonLines<JoinStep>(body), options.json)
    }
    try {
      return await join()
    } catch (error) {
      if (isOwnersAccount(error)) await cli.stdout.write(await accountPage(cli, "windfall"))
      const moved = await offerAddress(cli, error, { address, port })
      if (moved !== null) {
        if (options.json) await printJson(cli, moved)
        else await cli.stdout.write(`\n${hostPage(moved, cli.clock.now())}`)
        return 0
      }
      const line = lineToAdd(error)
      if (line === null) throw error
      const isServerHere = serverAt(cli.settings, cli.login.url) !== undefined
      return await letServerIn(cli, { address, port, hostKey, line, again: again.join(" "), isServerHere }, join)
    }
  },
})

/** Where the machine is in the pool under another address, offers to a person to change that. `null`: it was not changed. */
async function offerAddress(
  cli: Cli,
  error: unknown,
  at: { readonly address: string; readonly port: number | null },
): Promise<HostView | null> {
  if (!(error instanceof WindfallError) || error.code !== "name_taken" || !cli.isInteractive) return null
  const name = error.details?.host
  if (typeof name !== "string") return null
  await cli.stderr.write(`${printable(error.message)}\n`)
  if (!(await askYes(cli, `Is ${printable(name)} reached at ${at.address} from now on?`))) return null
  return changeAddress(cli, await findHost(cli, name), { ...at, fingerprint: undefined })
}

function isOwnersAccount(error: unknown): boolean {
  return error instanceof WindfallError && error.details?.accountTraits !== undefined
}

/** The line that would let the server in, where that is all that was missing. */
function lineToAdd(error: unknown): string | null {
  if (!(error instanceof WindfallError) || error.code !== "authentication_refused") return null
  const line = error.details?.publicLine
  return typeof line === "string" ? line : null
}

/** `local:FOLDER` is the server's own machine, without ssh: there is no key to confirm. */
const THIS_MACHINE = "local:"

function checkAddress(address: string): void {
  if (address.startsWith("-") || /[\s\0]/.test(address) || !/^([^@]+@)?[^@]+$/.test(address)) {
    throw new WindfallError("invalid_input", `Cannot add ${JSON.stringify(address)}: it is no address`, {
      hint: "Write user@mac, or an alias of the server's ssh configuration",
    })
  }
}

const TITLES: Readonly<Record<string, string>> = {
  reach: "reached",
  key: "key",
  system: "system",
  runtime: "runtime",
  agent: "agent",
  facts: "facts",
}

async function showSteps(cli: Cli, steps: AsyncIterable<JoinStep>, json: boolean): Promise<number> {
  const status = new StatusLine(cli.stderr, cli.clock)
  for await (const step of steps) {
    if (json) await printJson(cli, step)
    if (step.step === "failed") {
      await status.clear()
      throw WindfallError.fromBody({ error: step.error })
    }
    if (step.step === "done") {
      await status.clear()
      if (!json) await cli.stdout.write(`\n${hostPage(step.host, cli.clock.now())}`)
      return 0
    }
    const title = (TITLES[step.step] ?? step.step).padEnd(8)
    if (step.state === "ok") {
      await status.clear()
      if (!json) await cli.stdout.write(`  ${title} ${printable(step.text)}\n`)
    } else {
      const part = step.progress === undefined ? "" : ` ${Math.round(step.progress * 100)}%`
      await status.show(`  ${title} ${printable(step.text)}${part} ...`)
    }
  }
  throw new WindfallError("link_lost", "Cannot tell whether the host joined: the server's answer broke off", {
    hint: "Look: windfall host ls",
  })
}

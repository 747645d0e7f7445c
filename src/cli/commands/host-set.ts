import { formatBytes, parseBytes } from "../../base/bytes.ts"
import type { HostDiskRequest } from "../../protocol/api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { HostForgivenView, HostView } from "../../protocol/host.ts"
import { MIN_DISK_LIMIT_BYTES } from "../../protocol/host-disk.ts"
import { readCount } from "../../protocol/job-values.ts"
import type { HostWakeRequest } from "../../protocol/network-api.ts"
import type { HostOwnerRequest, HostOwnerView } from "../../protocol/owner-api.ts"
import { command } from "../command-line/command.ts"
import { flag, notEmpty, value } from "../command-line/option.ts"
import { printable } from "../render/table.ts"
import { printJson } from "../say.ts"
import { changeAddress } from "./host-address.ts"
import { findHost } from "./host-show.ts"

export const hostSet = command({
  name: "host set",
  operands: "HOST",
  about:
    "Says how much of a host's disk all of Windfall may take there: workspaces, data, environments, downloads, HOMEs. Left alone, a host reckons itself: 100 GB or a fifth of what is free. Whatever is said, 15 % of the disk stay free. What is over goes, least recently used first; what jobs use now and HOMEs stay. Also where the host is reached, when its address or name has changed: it must show its host key there. And whether it is woken over its cable when it sleeps and a job could run there; the server must be on its net. And whose it is: its owner pauses it and sets its rules, from elsewhere under that name, at the Mac itself from that account. And that its crashes are forgiven: a job during which it crashed twice, and jobs like it, go there again.",
  minimum: 1,
  maximum: 1,
  options: {
    disk: value("SIZE", "at most so much, as in 200G; default: as the host itself reckons", readLimit),
    wake: value("on|off", "wake it for jobs when it sleeps (default: off)", readSwitch),
    address: value("[USER@]MACHINE", "where it is reached from now on", notEmpty),
    port: value("N", "its SSH port there, where the ssh configuration does not say", (text) =>
      readCount(text, 1, 65535),
    ),
    fingerprint: value("SHA256:...", "its new host key, known beforehand: nobody is asked", notEmpty),
    owner: value("USER", "whose it is, or nobody", notEmpty),
    consoleAccount: value("ACCOUNT", "the owner's account on it, or none", notEmpty),
    forgive: flag("what made it crash is mended: jobs that do not go there any more do so again"),
    json: flag("print the host as JSON"),
  },
  examples: [
    ["windfall host set studio-3 --disk 200G", "room for large models"],
    ["windfall host set studio-3 --disk default", "as before"],
    ["windfall host set studio-3 --owner mia --console-account mia.w", "mia's Mac"],
    ["windfall host set studio-3 --forgive", "its macOS was updated: jobs that made it crash may try again"],
    ["windfall host set studio-3 --wake on", "wake it when jobs wait for it"],
    ["windfall host set studio-3 --address windfall@studio-3b.local", "it is called otherwise now"],
  ],
  async run(cli, options, [name = ""]) {
    const { disk, wake, address, port, fingerprint, owner, consoleAccount, forgive } = options
    const isOwners = owner !== undefined || consoleAccount !== undefined
    if (disk === undefined && wake === undefined && address === undefined && !isOwners && !forgive) {
      const isPart = port !== undefined || fingerprint !== undefined
      throw new WindfallError(
        "invalid_input",
        `Cannot set anything of a host: ${isPart ? "--port and --fingerprint go with --address" : "nothing was given"}`,
        {
          hint: `Say for instance: windfall host set ${name} --disk 200G`,
        },
      )
    }
    const host = await findHost(cli, name)
    const path = `/v1/hosts/${encodeURIComponent(host.id)}`
    let view: HostView = host
    const said: string[] = []
    if (address !== undefined) {
      view = await changeAddress(cli, host, { address, port: port ?? null, fingerprint })
      said.push(`is reached at ${view.address}${view.port === null ? "" : ` port ${view.port}`}`)
    }
    if (disk !== undefined) {
      const request: HostDiskRequest = { limitBytes: disk === "default" ? null : disk }
      view = await cli.client.post<HostView>(`${path}/disk`, request)
      said.push(`Windfall may hold ${limitText(view)}`)
    }
    if (wake !== undefined) {
      view = await cli.client.post<HostView>(`${path}/wake`, { wake } satisfies HostWakeRequest)
      said.push(wakeText(view))
    }
    if (isOwners) {
      const answer = await cli.client.post<HostOwnerView>(`${path}/owner`, {
        ...(owner === undefined ? {} : { owner: owner === "nobody" ? null : owner }),
        ...(consoleAccount === undefined ? {} : { consoleAccount: consoleAccount === "none" ? null : consoleAccount }),
      } satisfies HostOwnerRequest)
      const { accountLook, ...rest } = answer
      view = rest
      if (accountLook?.found === "unknown") {
        const what = `whether ${view.consoleAccount} is an account on ${view.name} could not be told`
        await cli.stderr.write(`windfall: ${what}: ${printable(accountLook.reason)}\n`)
      }
      const account = view.consoleAccount === null ? "" : `, account ${view.consoleAccount} there`
      said.push(`${view.owner === null ? "is nobody's in particular" : `is ${view.owner}'s`}${account}`)
    }
    if (forgive) {
      const { forgiven, ...rest } = await cli.client.post<ForgivenOrOlder>(`${path}/forgive`, {})
      view = rest
      said.push(forgiven === 0 ? "no crash of it is known, so there was nothing to forgive" : FORGIVEN)
    }
    if (options.json) await printJson(cli, view)
    else for (const one of said) await cli.stdout.write(`${view.name}: ${one}\n`)
    return 0
  },
})

const FORGIVEN = "its crashes are forgiven: jobs that did not go there any more do so again"

/** A server of an earlier release does not say how many there were. */
type ForgivenOrOlder = HostView & Partial<Pick<HostForgivenView, "forgiven">>

function readLimit(text: string): number | "default" {
  if (text === "default") return text
  const bytes = parseBytes(text)
  if (bytes >= MIN_DISK_LIMIT_BYTES) return bytes
  throw new SyntaxError(`"${text}" is too little: at least ${formatBytes(MIN_DISK_LIMIT_BYTES)}, or default`)
}

function readSwitch(text: string): boolean {
  if (text === "on" || text === "off") return text === "on"
  throw new SyntaxError(`"${text}" is neither on nor off`)
}

function limitText({ diskLimitBytes, link }: HostView): string {
  const limit = diskLimitBytes === null ? "what it reckons itself" : `at most ${formatBytes(diskLimitBytes)}`
  return link === "ready" ? limit : `${limit}, from the next contact on`
}

function wakeText({ wake: { isOn, problem } }: HostView): string {
  if (!isOn) return "is not woken"
  return problem === null
    ? "is woken when it sleeps and a job could run there"
    : `is to be woken for jobs, and cannot be now: ${problem}`
}

import { formatBytes, parseBytes } from "../../base/bytes.ts"
import type { HostDiskRequest } from "../../protocol/api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { HostView } from "../../protocol/host.ts"
import { MIN_DISK_LIMIT_BYTES } from "../../protocol/host-disk.ts"
import { command } from "../command-line/command.ts"
import { flag, value } from "../command-line/option.ts"
import { printJson } from "../say.ts"
import { findHost } from "./host-show.ts"

export const hostSet = command({
  name: "host set",
  operands: "HOST",
  about:
    "Says how much of a host's disk all of Windfall may take there: workspaces, data, environments, downloads, HOMEs. Left alone, a host reckons itself: 100 GB or a fifth of what is free. Whatever is said, 15 % of the disk stay free. What is over goes, least recently used first; what jobs use now and HOMEs stay.",
  minimum: 1,
  maximum: 1,
  options: {
    disk: value("SIZE", "at most so much, as in 200G; default: as the host itself reckons", readLimit),
    json: flag("print the host as JSON"),
  },
  examples: [
    ["windfall host set studio-3 --disk 200G", "room for large models"],
    ["windfall host set studio-3 --disk default", "as before"],
  ],
  async run(cli, options, [name = ""]) {
    if (options.disk === undefined) {
      throw new WindfallError("invalid_input", "Cannot set anything of a host: nothing was given", {
        hint: `Say for instance: windfall host set ${name} --disk 200G`,
      })
    }
    const host = await findHost(cli, name)
    const request: HostDiskRequest = { limitBytes: options.disk === "default" ? null : options.disk }
    const view = await cli.client.post<HostView>(`/v1/hosts/${encodeURIComponent(host.id)}/disk`, request)
    if (options.json) await printJson(cli, view)
    else await cli.stdout.write(`${view.name}: Windfall may hold ${limitText(view)}\n`)
    return 0
  },
})

function readLimit(text: string): number | "default" {
  if (text === "default") return text
  const bytes = parseBytes(text)
  if (bytes >= MIN_DISK_LIMIT_BYTES) return bytes
  throw new SyntaxError(`"${text}" is too little: at least ${formatBytes(MIN_DISK_LIMIT_BYTES)}, or default`)
}

function limitText({ diskLimitBytes, link }: HostView): string {
  const limit = diskLimitBytes === null ? "what it reckons itself" : `at most ${formatBytes(diskLimitBytes)}`
  return link === "ready" ? limit : `${limit}, from the next contact on`
}

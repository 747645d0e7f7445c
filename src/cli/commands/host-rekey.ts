import type { HostRekeyRequest } from "../../protocol/api.ts"
import type { HostView } from "../../protocol/host.ts"
import { command } from "../command-line/command.ts"
import { flag, notEmpty, value } from "../command-line/option.ts"
import { printJson } from "../say.ts"
import { confirmHostKey } from "./host-key.ts"
import { findHost } from "./host-show.ts"

export const hostRekey = command({
  name: "host rekey",
  operands: "HOST",
  about: "Accepts a host's new SSH key, after you have compared it. For a Mac that was set up anew.",
  minimum: 1,
  maximum: 1,
  options: {
    fingerprint: value("SHA256:...", "the new key, known beforehand: nobody is asked", notEmpty),
    json: flag("print the host as JSON"),
  },
  examples: [],
  async run(cli, options, [name = ""]) {
    const host = await findHost(cli, name)
    const request = { address: host.address, port: host.port }
    const again = `windfall host rekey ${host.name}`
    const hostKey = await confirmHostKey(cli, request, options.fingerprint, again, host.hostKey)
    if (hostKey === host.hostKey) {
      if (options.json) await printJson(cli, host)
      else await cli.stdout.write(`${host.name} shows the key it is known by already; nothing was changed\n`)
      return 0
    }
    const rekey: HostRekeyRequest = { hostKey }
    const view = await cli.client.post<HostView>(`/v1/hosts/${encodeURIComponent(host.id)}/rekey`, rekey)
    if (options.json) await printJson(cli, view)
    else await cli.stdout.write(`${view.name} is known by its new key\n`)
    return 0
  },
})

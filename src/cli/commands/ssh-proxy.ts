import { Duplex } from "node:stream"
import { WindfallError } from "../../protocol/errors.ts"
import { HOST_KEY_HEADER, isSshKey, joinTunnel } from "../../protocol/tunnel.ts"
import { command } from "../command-line/command.ts"
import { notEmpty, value } from "../command-line/option.ts"
import { openTunnel } from "../forward/open-tunnel.ts"
import { openIdentity, writeKnownHost } from "../ssh/ssh-files.ts"

export const sshProxy = command({
  name: "ssh-proxy",
  operands: "JOB",
  about:
    "Carries one ssh connection to a running job between standard input and output. It is what the lines of windfall ssh-config call; nobody types it.",
  minimum: 1,
  maximum: 1,
  options: {
    server: value("URL", "refuse when the login in use is for another server", notEmpty),
  },
  examples: [],
  async run(cli, options, [typed = ""]) {
    if (!/^\d{1,15}$/.test(typed)) {
      throw new WindfallError(
        "invalid_input",
        `Cannot open ssh to ${JSON.stringify(typed.slice(0, 40))}: give a number`,
      )
    }
    const { url } = cli.client
    if (options.server !== undefined && options.server !== url) {
      const reason = `job ${typed} is known to ${options.server}, and you are logged in to ${url}`
      throw new WindfallError("invalid_input", `Cannot open ssh to job ${typed}: ${reason}`, {
        hint: `windfall login ${options.server}   or   windfall ssh-config --remove ${typed}`,
      })
    }
    const key = openIdentity(cli.settings)
    const abort = new AbortController()
    const path = `ssh?key=${encodeURIComponent(key)}`
    const { socket, headers } = await openTunnel(cli.login, Number(typed), path, abort.signal)
    const hostKey = headers[HOST_KEY_HEADER]
    if (!isSshKey(hostKey)) {
      socket.terminate()
      throw new WindfallError("protocol_mismatch", "Cannot open ssh to the job: its server names no host key")
    }
    // Before a byte of sshd's is passed on: ssh reads the file when it has the key.
    writeKnownHost(cli.settings, Number(typed), hostKey)
    const both = { readable: process.stdin, writable: process.stdout }
    const stream = Duplex.from(both as unknown as NodeJS.ReadWriteStream)
    let isBroken = false
    await joinTunnel(socket, stream, {
      isWhole: () => true,
      breakOff: () => {
        isBroken = true
      },
    })
    return isBroken ? 125 : 0
  },
})

import { parseBytes } from "../../base/bytes.ts"
import { parseDuration } from "../../base/duration.ts"
import { readHubUrl } from "../../hub/hub.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { readCount } from "../../protocol/job-values.ts"
import { beforeLogin, offAtLogin, startAtLogin } from "../at-login/up-at-login.ts"
import { os, path } from "../builtin.ts"
import type { Cli } from "../cli.ts"
import { command } from "../command-line/command.ts"
import { flag, notEmpty, value } from "../command-line/option.ts"
import { readLogin, writeLogin } from "../config.ts"
import { isLaptop } from "../laptop.ts"
import { commandText } from "../render/job-text.ts"
import { printableLines } from "../render/table.ts"
import { say } from "../say.ts"
import { followServer, isHere, loopbackUrl, workingLogin } from "../server-process/own-login.ts"
import { dataFolder, writeServerNote } from "../server-process/server-note.ts"
import { type ReadyServer, spawnServer } from "../server-process/spawn-server.ts"
import { stopServer } from "../server-process/stop-server.ts"
import { tokenFile } from "../server-process/token-file.ts"

export const up = command({
  name: "up",
  operands: "",
  about:
    "Starts a server on this machine: it keeps the queue and reaches the hosts over SSH with this account's configuration. It listens on the loopback alone; with --lan the lab reaches it, by a certificate it makes itself.",
  minimum: 0,
  maximum: 0,
  options: {
    atLogin: flag("have the system start it whenever this account logs in, now too; --off takes that back"),
    off: flag("with --at-login: no longer"),
    detach: flag("leave it running in the background; windfall down stops it", { short: "d" }),
    data: value("DIR", "where it keeps everything (default ~/.local/share/windfall)", notEmpty),
    lan: flag("listen on all addresses, with a certificate made here once where none is given"),
    address: value("NAME", "with --lan: what others call this machine, where it has several", anAddress),
    bind: value("ADDRESS", "where it listens (default 127.0.0.1)", notEmpty, { also: ["host"] }),
    port: value("N", "the port, or 0 for a free one (default 7480)", (text) => readCount(text, 0, 65535), {
      short: "p",
    }),
    tlsCert: value("FILE", "its certificate, as PEM", notEmpty),
    tlsKey: value("FILE", "the certificate's key, as PEM", notEmpty),
    keepFiles: value("DURATION", "how long outputs and workspaces of ended jobs are kept (default 30d)", aDuration),
    keepLogs: value("DURATION", "how long the logs of ended jobs are kept (default 365d)", aDuration),
    notifyPrivate: flag("users may have machines of its own network told of their jobs (see windfall notify)"),
    hub: value(
      "URL",
      "the model hub models are fetched from (default HF_ENDPOINT, or https://huggingface.co)",
      notEmpty,
    ),
    hubTokenFile: value("FILE", "a file with the lab's token for it", notEmpty),
    modelDisk: value(
      "SIZE",
      "what models of hubs may take on its disk; what was used least recently goes (default: what the disk has)",
      parseBytes,
    ),
    keepEvents: value("DURATION", "how long the record of events is kept (default 90d)", aDuration),
  },
  examples: [
    ["windfall up --detach", "a server for this machine's user"],
    ["windfall up --detach --lan", "one for the whole lab"],
    ["windfall up --lan --at-login", "one that is there whenever this account is logged in"],
    ["windfall up --lan --tls-cert lab.pem --tls-key lab.key", "with a certificate of the lab's"],
  ],
  async run(cli, options) {
    if ((options.tlsCert === undefined) !== (options.tlsKey === undefined)) {
      throw new WindfallError("invalid_input", "Cannot use TLS with a certificate or a key alone: it takes both", {
        hint: "Give --tls-cert and --tls-key, both as PEM",
      })
    }
    if (options.lan && options.bind !== undefined) {
      throw new WindfallError("invalid_input", "Cannot listen on all addresses and on one: give --lan or --bind", {
        hint: `With --lan --address ${options.bind} invitations lead to that one`,
      })
    }
    if (options.address !== undefined && !options.lan) {
      throw new WindfallError("invalid_input", "Cannot be called by --address: this server listens for no others", {
        hint: `windfall up --lan --address ${options.address}`,
      })
    }
    if (options.off && !options.atLogin) {
      throw new WindfallError("invalid_input", "Cannot switch that off: --off goes with --at-login", {
        hint: "A server is stopped with: windfall down",
      })
    }
    if (options.atLogin && options.port === 0) {
      throw new WindfallError(
        "invalid_input",
        "Cannot start a server at login on any free port: nobody would find it",
        {
          hint: "Leave --port out, or name one",
        },
      )
    }
    const data = path.resolve(cli.cwd, options.data ?? dataFolder(cli.settings))
    const logFile = path.join(data, "server.log")
    const words = ["--data", data]
    const add = (name: string, text: string | number | undefined) => {
      if (text !== undefined) words.push(`--${name}`, String(text))
    }
    if (options.lan) words.push("--lan")
    add("address", options.address)
    add("host", options.bind)
    add("port", options.port)
    add("tls-cert", options.tlsCert === undefined ? undefined : path.resolve(cli.cwd, options.tlsCert))
    add("tls-key", options.tlsKey === undefined ? undefined : path.resolve(cli.cwd, options.tlsKey))
    add("keep-files", options.keepFiles)
    add("keep-logs", options.keepLogs)
    add("keep-events", options.keepEvents)
    add("model-disk", options.modelDisk)
    if (options.notifyPrivate) words.push("--notify-private")
    add("hub", options.hub === undefined ? undefined : readHubUrl(options.hub).href)
    add("hub-token-file", options.hubTokenFile === undefined ? undefined : tokenFile(cli, options.hubTokenFile))
    if (options.off) return offAtLogin(cli, words, logFile)
    if (options.atLogin) await beforeLogin(cli, words, data, logFile)
    const { ready, child } = await spawnServer({
      arguments: words,
      logFile: options.detach || options.atLogin ? logFile : null,
      onWords: (text) => void cli.stderr.write(printableLines(text)),
    })
    await sayReady(cli, ready, data, options.lan)
    if (options.lan) await sayLabsWay(cli, ready)
    else await sayOthersWay(cli, ready.url, options.bind)
    if (isLaptop()) {
      await say(
        cli,
        "this is a laptop: while its lid is closed it sleeps, and the queue stands still. Jobs that run go on",
      )
    }
    const { pid } = ready
    const url = options.lan ? loopbackUrl(ready.url) : ready.url
    const again = words.slice(options.data === undefined ? 2 : 0).map((word) => (word === "--host" ? "--bind" : word))
    const note = { url, data, options: again, startedAt: cli.clock.now() }
    if (options.atLogin) {
      writeServerNote(cli.settings, { ...note, pid: null })
      await stopServer(cli, pid, "SIGTERM")
      const { certificate, fingerprint } = ready
      const pinned = certificate === null || fingerprint === null ? {} : { ca: certificate, fingerprint }
      return startAtLogin(cli, words, logFile, { url, ...pinned })
    }
    if (options.detach) {
      writeServerNote(cli.settings, { ...note, pid })
      const stop = commandText(["windfall", "down", ...(options.data === undefined ? [] : ["--data", data])])
      await cli.stdout.write(
        `It runs in the background (process ${pid}); its words are in ${logFile}. Stop it: ${stop}\n`,
      )
      child.stdout?.destroy()
      child.unref()
      return 0
    }
    try {
      writeServerNote(cli.settings, { ...note, pid: null })
    } catch {
      // It only helps to say later how this server starts.
    }
    await cli.stdout.write("Ctrl-C stops it; jobs that run go on.\n")
    return new Promise<number>((resolve) => {
      // On a terminal Ctrl-C reaches the server too; a second one, here or there, ends it at once.
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
        process.on(signal, () => {
          if (signal !== "SIGINT" || !cli.isInteractive) child.kill(signal === "SIGHUP" ? "SIGTERM" : signal)
        })
      }
      child.on("close", (code) => resolve(code ?? 125))
    })
  },
})

/** A host name or an address, as it may stand in a URL. @throws {SyntaxError} */
function anAddress(text: string): string {
  const label = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
  const isName = text.length <= 253 && new RegExp(`^${label}(?:\\.${label})*$`).test(text)
  const inUrl = text.includes(":") ? `[${text}]` : text
  if ((isName || text.includes(":")) && URL.canParse(`https://${inUrl}:7480`)) return text
  throw new SyntaxError(
    `${JSON.stringify(text)} is no name or address of a machine (lab.example.org, 10.0.0.7, fe80::1)`,
  )
}

/** Checked here, where a mistake is said best; the server reads it again. */
function aDuration(text: string): string {
  parseDuration(text)
  return text
}

/** Shows the address and, at the first start, the token; stores it as this user's login where there is none. */
async function sayReady(cli: Cli, ready: ReadyServer, data: string, lan: boolean): Promise<void> {
  const { url, firstToken } = ready
  await cli.stdout.write(`Windfall runs at ${url}; its data is in ${data}\n`)
  if (firstToken === null) {
    const follows = await followServer(cli, ready, data, lan)
    if (follows !== undefined)
      await cli.stdout.write(`Your login leads there now, to ${follows}; its token is the same\n`)
    return
  }
  await cli.stdout.write(`The token of ${firstToken.user}, shown this once: ${firstToken.token}\n`)
  const isFree = cli.settings.url === undefined && readLogin(cli.settings) === undefined
  const login = isFree ? await workingLogin(cli, ready, firstToken.token, lan) : undefined
  if (login !== undefined) {
    const file = writeLogin(cli.settings, login)
    await cli.stdout.write(`You are logged in with it: it is kept in ${file}, readable by you alone.\n`)
  } else await cli.stdout.write(`Log in with it: windfall login ${url}\n`)
  await cli.stdout.write("Next, let a Mac join: windfall host add user@mac\n")
}

/** For those who keep the pool: what they send to others. */
async function sayLabsWay(cli: Cli, { url, fingerprint }: ReadyServer): Promise<void> {
  await cli.stdout.write("A colleague gets everything by one line: windfall user invite NAME\n")
  await cli.stdout.write(`Others log in with: windfall login ${url}#${fingerprint}\n`)
}

/** Who listens beyond this machine under a name that leads here alone is told what others would need. */
async function sayOthersWay(cli: Cli, url: string, bind: string | undefined): Promise<void> {
  if (bind === undefined || isHere(bind) || !isHere(new URL(url).hostname)) return
  const theirs = new URL(url)
  theirs.hostname = os.hostname()
  await say(cli, "others cannot use this address, and the certificate names no other")
  await say(cli, `with one that names ${theirs.hostname} they could: windfall login ${theirs.origin}`)
}

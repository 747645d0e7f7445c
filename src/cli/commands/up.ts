import { parseDuration } from "../../base/duration.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { readCount } from "../../protocol/job-values.ts"
import { fs, os, path } from "../builtin.ts"
import type { Cli } from "../cli.ts"
import { Client } from "../client.ts"
import { command } from "../command-line/command.ts"
import { flag, notEmpty, value } from "../command-line/option.ts"
import { type Login, readLogin, writeLogin } from "../config.ts"
import { isLaptop } from "../laptop.ts"
import { commandText } from "../render/job-text.ts"
import { say } from "../say.ts"
import { dataFolder, writeServerNote } from "../server-process/server-note.ts"
import { type ReadyServer, spawnServer } from "../server-process/spawn-server.ts"

export const up = command({
  name: "up",
  operands: "",
  about:
    "Starts a server on this machine: it keeps the queue and reaches the hosts over SSH with this account's configuration. It listens on the loopback alone unless you say otherwise; beyond that it needs a certificate.",
  minimum: 0,
  maximum: 0,
  options: {
    detach: flag("leave it running in the background; windfall down stops it", { short: "d" }),
    data: value("DIR", "where it keeps everything (default ~/.local/share/windfall)", notEmpty),
    bind: value("ADDRESS", "where it listens (default 127.0.0.1)", notEmpty, { also: ["host"] }),
    port: value("N", "the port, or 0 for a free one (default 7480)", (text) => readCount(text, 0, 65535), {
      short: "p",
    }),
    tlsCert: value("FILE", "its certificate, as PEM", notEmpty),
    tlsKey: value("FILE", "the certificate's key, as PEM", notEmpty),
    keepFiles: value("DURATION", "how long outputs and workspaces of ended jobs are kept (default 30d)", aDuration),
    keepLogs: value("DURATION", "how long the logs of ended jobs are kept (default 365d)", aDuration),
    notifyPrivate: flag("users may have machines of its own network told of their jobs (see windfall notify)"),
    keepEvents: value("DURATION", "how long the record of events is kept (default 90d)", aDuration),
  },
  examples: [
    ["windfall up --detach", "a server for this machine's user"],
    ["windfall up --bind 0.0.0.0 --tls-cert lab.pem --tls-key lab.key", "one for the whole lab"],
  ],
  async run(cli, options) {
    if ((options.tlsCert === undefined) !== (options.tlsKey === undefined)) {
      throw new WindfallError("invalid_input", "Cannot use TLS with a certificate or a key alone: it takes both", {
        hint: "Give --tls-cert and --tls-key, both as PEM",
      })
    }
    const data = path.resolve(cli.cwd, options.data ?? dataFolder(cli.settings))
    const logFile = path.join(data, "server.log")
    const words = ["--data", data]
    const add = (name: string, text: string | number | undefined) => {
      if (text !== undefined) words.push(`--${name}`, String(text))
    }
    add("host", options.bind)
    add("port", options.port)
    add("tls-cert", options.tlsCert === undefined ? undefined : path.resolve(cli.cwd, options.tlsCert))
    add("tls-key", options.tlsKey === undefined ? undefined : path.resolve(cli.cwd, options.tlsKey))
    add("keep-files", options.keepFiles)
    add("keep-logs", options.keepLogs)
    add("keep-events", options.keepEvents)
    if (options.notifyPrivate) words.push("--notify-private")
    const { ready, child } = await spawnServer({
      arguments: words,
      logFile: options.detach ? logFile : null,
      onWords: (text) => void cli.stderr.write(text),
    })
    const certificate =
      options.tlsCert === undefined ? undefined : fs.readFileSync(path.resolve(cli.cwd, options.tlsCert), "utf8")
    await sayReady(cli, ready, data, certificate)
    await sayOthersWay(cli, ready.url, options.bind)
    if (isLaptop()) {
      await say(
        cli,
        "this is a laptop: while its lid is closed it sleeps, and the queue stands still. Jobs that run go on",
      )
    }
    const { pid, url } = ready
    const again = words.slice(options.data === undefined ? 2 : 0).map((word) => (word === "--host" ? "--bind" : word))
    const note = { url, data, options: again, startedAt: cli.clock.now() }
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

/** Checked here, where a mistake is said best; the server reads it again. */
function aDuration(text: string): string {
  parseDuration(text)
  return text
}

/** Shows the address and, at the first start, the token; stores it as this user's login where there is none. */
async function sayReady(cli: Cli, ready: ReadyServer, data: string, certificate: string | undefined): Promise<void> {
  const { url, firstToken } = ready
  await cli.stdout.write(`Windfall runs at ${url}; its data is in ${data}\n`)
  if (firstToken === null) return
  await cli.stdout.write(`The token of ${firstToken.user}, shown this once: ${firstToken.token}\n`)
  const isFree = cli.settings.url === undefined && readLogin(cli.settings) === undefined
  const login = isFree ? await workingLogin(cli, { url, token: firstToken.token }, certificate) : undefined
  if (login !== undefined) {
    const file = writeLogin(cli.settings, login)
    await cli.stdout.write(`You are logged in with it: it is kept in ${file}, readable by you alone.\n`)
  } else await cli.stdout.write(`Log in with it: windfall login ${url}\n`)
  await cli.stdout.write("Next, let a Mac join: windfall host add user@mac\n")
}

/** Who listens beyond this machine under a name that leads here alone is told what others would need. */
async function sayOthersWay(cli: Cli, url: string, bind: string | undefined): Promise<void> {
  if (bind === undefined || isHere(bind) || !isHere(new URL(url).hostname)) return
  const theirs = new URL(url)
  theirs.hostname = os.hostname()
  await say(cli, "others cannot use this address, and the certificate names no other")
  await say(cli, `with one that names ${theirs.hostname} they could: windfall login ${theirs.origin}`)
}

function isHere(host: string): boolean {
  return host === "localhost" || host === "[::1]" || host === "::1" || host.startsWith("127.")
}

/**
 * The login as it works from here, trusting the server's own certificate where that is not signed by anybody known here.
 * `undefined` when it does not: the name in the certificate may lead elsewhere.
 */
async function workingLogin(cli: Cli, login: Login, certificate: string | undefined): Promise<Login | undefined> {
  if (certificate === undefined) return login
  for (const one of [login, { ...login, ca: certificate }]) {
    const client = new Client({ login: one, clock: cli.clock, random: cli.random })
    try {
      await client.get("/v1/me")
      return one
    } catch (error) {
      if (!(error instanceof WindfallError)) throw error
    } finally {
      client.close()
    }
  }
  return undefined
}

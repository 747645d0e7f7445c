import type { Health, Me } from "../../protocol/api.ts"
import { API_VERSION, CODE_PREFIX } from "../../protocol/api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { fs } from "../builtin.ts"
import { readFingerprint } from "../certificate-pin.ts"
import { Client } from "../client.ts"
import { command } from "../command-line/command.ts"
import { notEmpty, value } from "../command-line/option.ts"
import { type Login, writeLogin } from "../config.ts"
import { pinnedCertificate } from "../pinned-certificate.ts"
import { askSecret, readStdinText } from "../prompt.ts"
import { readReason } from "../read-reason.ts"
import { readServerUrl } from "../server-url.ts"

export const login = command({
  name: "login",
  operands: "URL",
  about:
    "Uses a server from now on. The token, or the one-time code of an invitation, is asked for without echo, or comes from standard input or WINDFALL_TOKEN; it is checked, then kept in a file that only you can read.",
  minimum: 1,
  maximum: 1,
  options: {
    ca: value(
      "FILE",
      "the certificate authority to trust, as PEM, for a certificate of the lab's own making",
      notEmpty,
    ),
    fingerprint: value(
      "SHA256:...",
      "its certificate, known beforehand: that one and no other is trusted. It may stand behind a # in the URL",
      readFingerprint,
    ),
  },
  examples: [
    ["windfall login https://windfall.example.org", "asks for the token"],
    ["windfall login https://studio.local:7480#SHA256:...", "a server with a certificate of its own making"],
    ["windfall login URL < token.txt", "without a terminal"],
  ],
  async run(cli, options, [typed = ""]) {
    const way = await readWay(typed, options)
    const { url } = way
    const probe = new Client({ login: { ...way, token: "" }, clock: cli.clock, random: cli.random })
    // Before anybody types a token: is this a Windfall server, and one that is understood here?
    const health = await probe.get<Partial<Health> | undefined>("/v1/health")
    if (typeof health?.server !== "string" || health.api !== API_VERSION) {
      throw new WindfallError(
        "protocol_mismatch",
        health?.api === undefined
          ? `Cannot log in to ${url}: it is not a Windfall server`
          : `Cannot log in to ${url}: it speaks version ${health.api} of the API, this command line ${API_VERSION}`,
        { hint: "Check the address, or use the release the server runs." },
      )
    }
    const typedToken = (
      cli.settings.token ?? (cli.isInteractive ? await askSecret(cli, `Token for ${url}: `) : await readStdinText(4096))
    ).trim()
    if (!/^[\x21-\x7e]+$/.test(typedToken)) {
      throw new WindfallError("not_logged_in", "Cannot log in: no token was given", {
        hint: "Type it when asked, give it on standard input, or set WINDFALL_TOKEN. An admin makes one: windfall token create NAME",
      })
    }
    const isCode = typedToken.startsWith(CODE_PREFIX)
    const token = isCode ? (await probe.post<{ token: string }>("/v1/login", { code: typedToken })).token : typedToken
    const made: Login = { ...way, token }
    const client = new Client({ login: made, clock: cli.clock, random: cli.random })
    const me = await client.get<Me>("/v1/me")
    const file = writeLogin(cli.settings, made)
    await cli.stdout.write(
      `You are ${me.user} (${me.role}) at ${url}. The token is in ${file}, readable by you alone.\n`,
    )
    return 0
  },
})

/** Where the server is and by what its certificate is trusted. */
async function readWay(
  typed: string,
  options: { readonly ca: string | undefined; readonly fingerprint: string | undefined },
): Promise<Omit<Login, "token">> {
  const [address = "", behind] = typed.split("#", 2)
  const url = readServerUrl(address).href.replace(/\/$/, "")
  const fingerprint = options.fingerprint ?? (behind === undefined ? undefined : readBehind(behind))
  if (fingerprint === undefined) return options.ca === undefined ? { url } : { url, ca: readCertificate(options.ca) }
  if (options.ca !== undefined) {
    throw new WindfallError(
      "invalid_input",
      "Cannot trust an authority and a certificate both: give --ca or --fingerprint",
    )
  }
  return { url, ca: await pinnedCertificate(url, fingerprint), fingerprint }
}

function readBehind(text: string): string {
  try {
    return readFingerprint(text)
  } catch (error) {
    throw new WindfallError(
      "invalid_input",
      `Cannot use the server address: behind the #, ${(error as Error).message}`,
      {
        hint: "Write https://server:7480#SHA256:... as windfall up shows it",
      },
    )
  }
}

function readCertificate(file: string): string {
  const hint = "Ask who runs the server for the certificate of its authority, a text that begins with BEGIN CERTIFICATE"
  try {
    const text = fs.readFileSync(file, "utf8")
    if (text.includes("-----BEGIN CERTIFICATE-----")) return text
  } catch (error) {
    throw new WindfallError("file_not_found", `Cannot read ${file}: ${readReason(error)}`, { hint })
  }
  throw new WindfallError("invalid_input", `Cannot use ${file}: it holds no certificate in PEM form`, { hint })
}

import { type Me, TOKEN_LIFE_MS, type TokenView } from "../../protocol/api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { readDuration } from "../../protocol/job-values.ts"
import { command } from "../command-line/command.ts"
import { flag, notEmpty, value } from "../command-line/option.ts"
import { readRole } from "../command-line/read-role.ts"
import { formatTime } from "../render/age.ts"
import { renderTable } from "../render/table.ts"
import { printJson, say } from "../say.ts"

export const tokenCreate = command({
  name: "token create",
  operands: "[USER]",
  about:
    "Makes a token and prints it, this once. It may what its user may, or with --role user only what users may. For somebody else it needs the admin role.",
  minimum: 0,
  maximum: 1,
  options: {
    user: value("NAME", "whose token, as the operand says it too (default: yours)", notEmpty, { short: "u" }),
    role: value("ROLE", "what it may, at most its user's role: user, or admin (default: its user's)", readRole),
    expires: value(
      "DURATION",
      "useless after this long, for instance 90d (default: never, or with the token you use)",
      readExpiry,
      {
        also: ["expiry"],
      },
    ),
    json: flag("print the token as JSON"),
  },
  examples: [
    ["windfall token create mia --expires 90d", "a token for mia that ends by itself"],
    ["windfall token create --role user --expires 7d", "an admin's token for a script that only sends jobs"],
  ],
  async run(cli, options, [named]) {
    if (named !== undefined && options.user !== undefined && named !== options.user) {
      throw new WindfallError("invalid_input", `Cannot make one token for two users: ${named} and ${options.user}`, {
        hint: `Name one: windfall token create ${named}`,
      })
    }
    const user = named ?? options.user ?? (await cli.client.get<Me>("/v1/me")).user
    const made = await cli.client.post<TokenView & { token: string }>("/v1/tokens", {
      user,
      role: options.role ?? null,
      expiresInMs: options.expires ?? null,
    })
    if (options.json) await printJson(cli, made)
    else {
      await cli.stdout.write(`${made.token}\n`)
      await say(
        cli,
        `token ${made.id} of ${made.user}, role ${made.role}, which ${made.expiresAt === null ? "never expires" : `expires ${formatTime(made.expiresAt)}`}; it is not shown again. Log in with it: windfall login ${cli.client.url}`,
      )
    }
    return 0
  },
})

function readExpiry(text: string): number {
  return readDuration(text, TOKEN_LIFE_MS.minimum, TOKEN_LIFE_MS.maximum)
}

export const tokenLs = command({
  name: "token ls",
  operands: "",
  about: "Lists tokens by their ids: yours, and as admin everybody's.",
  minimum: 0,
  maximum: 0,
  options: { json: flag("print the tokens as JSON, one a line") },
  examples: [],
  async run(cli, options) {
    const { tokens } = await cli.client.get<{ tokens: TokenView[] }>("/v1/tokens")
    if (options.json) for (const token of tokens) await printJson(cli, token)
    else await cli.stdout.write(tokenTable(tokens, cli.clock.now()))
    return 0
  },
})

/** Tokens as a table; those that are no use any more say so. */
export function tokenTable(tokens: readonly TokenView[], now: number): string {
  const titles = ["TOKEN", "USER", "ROLE", "MADE", "EXPIRES"]
  const rows = tokens.map((token) => [
    token.id,
    token.user,
    token.role,
    formatTime(token.createdAt),
    expiryText(token, now),
  ])
  return renderTable(
    titles.map((title) => ({ title })),
    rows,
  )
}

function expiryText({ expiresAt }: TokenView, now: number): string {
  if (expiresAt === null) return "never"
  return `${formatTime(expiresAt)}${expiresAt <= now ? " (expired)" : ""}`
}

export const tokenRevoke = command({
  name: "token revoke",
  operands: "ID",
  about: "Makes a token useless at once. Its id is in windfall token ls.",
  minimum: 1,
  maximum: 1,
  options: {},
  examples: [],
  async run(cli, _options, [id = ""]) {
    await cli.client.delete(`/v1/tokens/${encodeURIComponent(id)}`)
    await cli.stdout.write(`token ${id} is revoked\n`)
    return 0
  },
})

import type { Group } from "./listed-command.ts"

/** The server, and who may use it. */
export const accessCommands: Group = {
  up: {
    summary: "start a server on this machine",
    also: ["server", "serve"],
    load: async () => (await import("../commands/up.ts")).up,
  },
  down: { summary: "stop that server", load: async () => (await import("../commands/down.ts")).down },
  login: { summary: "use a server", load: async () => (await import("../commands/login.ts")).login },
  logout: { summary: "forget the login", load: async () => (await import("../commands/logout.ts")).logout },
  uninstall: {
    summary: "remove what Windfall has put into this account",
    load: async () => (await import("../commands/uninstall.ts")).uninstall,
  },
  "user invite": {
    summary: "a line that gives somebody all it takes",
    load: async () => (await import("../commands/user-invite.ts")).userInvite,
  },
  "invite ls": {
    summary: "the invitations",
    also: ["invites", "invite list"],
    load: async () => (await import("../commands/invite.ts")).inviteLs,
  },
  "invite rm": {
    summary: "take an invitation back",
    also: ["invite revoke", "invite delete"],
    load: async () => (await import("../commands/invite.ts")).inviteRm,
  },
  "user add": { summary: "give somebody an account", load: async () => (await import("../commands/user.ts")).userAdd },
  "user ls": {
    summary: "the accounts",
    also: ["users", "user list"],
    load: async () => (await import("../commands/user.ts")).userLs,
  },
  "user rm": {
    summary: "remove an account",
    also: ["user remove", "user delete"],
    load: async () => (await import("../commands/user.ts")).userRm,
  },
  "token create": { summary: "make a token", load: async () => (await import("../commands/token.ts")).tokenCreate },
  "token ls": {
    summary: "the tokens, without their secrets",
    also: ["tokens", "token list"],
    load: async () => (await import("../commands/token.ts")).tokenLs,
  },
  "token revoke": {
    summary: "make a token useless",
    also: ["token rm", "token delete"],
    load: async () => (await import("../commands/token.ts")).tokenRevoke,
  },
  "secret set": {
    summary: "store a secret for jobs",
    load: async () => (await import("../commands/secret.ts")).secretSet,
  },
  "secret ls": {
    summary: "the names of your secrets",
    also: ["secrets", "secret list"],
    load: async () => (await import("../commands/secret.ts")).secretLs,
  },
  "secret rm": {
    summary: "remove a secret",
    also: ["secret remove", "secret delete"],
    load: async () => (await import("../commands/secret.ts")).secretRm,
  },
  "notify set": {
    summary: "have somebody told of your jobs",
    load: async () => (await import("../commands/notify.ts")).notifySet,
  },
  "notify show": {
    summary: "whom your jobs tell",
    also: ["notify", "notify ls"],
    load: async () => (await import("../commands/notify.ts")).notifyShow,
  },
  "notify rm": {
    summary: "tell somebody no more",
    also: ["notify remove", "notify delete"],
    load: async () => (await import("../commands/notify.ts")).notifyRm,
  },
  "notify test": {
    summary: "see whether they can be told",
    load: async () => (await import("../commands/notify.ts")).notifyTest,
  },
}

import assert from "node:assert/strict"
import { test } from "node:test"
import { toJobSpec } from "./job-values.ts"
import { DEFAULT_NOTIFY_ON, readNotifyOn } from "./notify.ts"
import { readTarget, shownTarget } from "./notify-target.ts"

test("readTarget() knows the shapes, and Slack's and Discord's own addresses by their hosts", () => {
  const kinds = [
    ["https://ci.example.org/hook?key=1", "webhook", "https://ci.example.org/hook?key=1", null],
    ["https://hooks.slack.com/services/T0/B0/xyz", "slack", "https://hooks.slack.com/services/T0/B0/xyz", null],
    ["https://hooks.slack.com/triggers/T0/1/x", "webhook", "https://hooks.slack.com/triggers/T0/1/x", null],
    ["https://discord.com/api/webhooks/1/abc", "discord", "https://discord.com/api/webhooks/1/abc", null],
    ["https://canary.discord.com/api/webhooks/1/a", "discord", "https://canary.discord.com/api/webhooks/1/a", null],
    [
      "https://discord.com.example.org/api/webhooks/1/a",
      "webhook",
      "https://discord.com.example.org/api/webhooks/1/a",
      null,
    ],
    ["slack+https://chat.lab:8443/hooks/x", "slack", "https://chat.lab:8443/hooks/x", null],
    ["discord+http://127.0.0.1:1/x", "discord", "http://127.0.0.1:1/x", null],
    ["ntfy://Lena-Jobs_1", "ntfy", "https://ntfy.sh/", "Lena-Jobs_1"],
    ["ntfy://ntfy.lab:8080/jobs", "ntfy", "https://ntfy.lab:8080/", "jobs"],
    ["ntfy+http://ntfy.lab/jobs/", "ntfy", "http://ntfy.lab/", "jobs"],
    ["ntfy://tk_secret@ntfy.lab/jobs", "ntfy", "https://tk_secret@ntfy.lab/", "jobs"],
  ] as const
  for (const [text, kind, url, topic] of kinds) assert.deepEqual(readTarget(text), { kind, url, topic }, text)
})

test("what is no target is refused without repeating what may be secret in it", () => {
  const bad = [
    "lena-secret",
    "mailto:secret@example.org",
    "mailto://secret@example.org",
    "ftp://host/secret",
    "https://",
    "https://host:0/secret",
    "https://ho st/secret",
    "ntfy://host/secret/more",
    "ntfy://host/sec.ret",
    `https://host/${"secret".repeat(500)}`,
  ]
  for (const text of bad) {
    assert.throws(
      () => readTarget(text),
      (error: SyntaxError) => error instanceof SyntaxError && !error.message.includes("secret"),
      text,
    )
  }
  assert.equal(shownTarget("https://user:secret@host:8443/secret?secret#secret"), "webhook at host:8443")
  assert.equal(shownTarget("ntfy://secret@ntfy.lab/topic"), "ntfy at ntfy.lab")
})

test("readNotifyOn() reads reasons with their times, in any order and number of texts", () => {
  assert.deepEqual(readNotifyOn(["waiting=2h,failed", "stalled=90s"]), {
    reasons: ["failed", "stalled", "waiting"],
    stalledMs: 90_000,
    waitingMs: 7_200_000,
  })
  assert.deepEqual(readNotifyOn(["done, done"]), { ...DEFAULT_NOTIFY_ON, reasons: ["done"] })
  for (const text of ["", "finished", "done=5m", "stalled=5", "stalled=", "waiting=10ms", "stalled=400d"]) {
    assert.throws(() => readNotifyOn([text]), SyntaxError, text)
  }
})

test("--notify and --notify-on become part of the job; none is nobody, nothing is the sender's defaults", () => {
  const here = {
    kind: "task",
    command: ["x"],
    environment: {},
    workspace: null,
    workingFolder: "",
    stdin: null,
  } as const
  const notifyOf = (values: Parameters<typeof toJobSpec>[0]) =>
    toJobSpec(values, { ...here, terminal: null, git: null }).notify
  assert.equal(notifyOf({}), null)
  assert.deepEqual(notifyOf({ notify: ["none"] }), { targets: [], on: null })
  assert.deepEqual(notifyOf({ notify: ["ntfy://a"] }), { targets: ["ntfy://a"], on: null })
  assert.deepEqual(notifyOf({ "notify-on": ["done"] }), {
    targets: null,
    on: { ...DEFAULT_NOTIFY_ON, reasons: ["done"] },
  })
  for (const notify of [["none", "ntfy://a"], ["secret"], Array.from({ length: 11 }, (_, i) => `ntfy://t${i}`)]) {
    assert.throws(
      () => notifyOf({ notify }),
      (error: { code: string; message: string }) => error.code === "invalid_input" && !error.message.includes("secret"),
    )
  }
})

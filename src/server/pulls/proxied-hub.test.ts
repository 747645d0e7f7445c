import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http"
import { createServer as createSecureServer } from "node:https"
import { type AddressInfo, connect } from "node:net"
import { test } from "node:test"
import { getCACertificates, setDefaultCACertificates } from "node:tls"
import { HubServer } from "../../../test/support/hub-server.ts"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { systemClock } from "../../base/clock.ts"
import { HUB_LIMITS, type Hub, readHubUrl } from "../../hub/hub.ts"
import { HubFile } from "../../hub/hub-file.ts"
import { proxiedFetch } from "../../hub/proxied-fetch.ts"
import { ownCertificate } from "../own-certificate.ts"

const { signal } = new AbortController()
const BYTES = Buffer.alloc(300_000, "some bytes of a model")

/** A small proxy: what it is asked, and with which headers. */
async function startProxy() {
  const asked: { readonly what: string; readonly headers: string }[] = []
  const note = ({ method, url, headers }: IncomingMessage) =>
    asked.push({ what: `${method} ${url}`, headers: JSON.stringify(headers) })
  let refuses = false
  const server = createServer((from: IncomingMessage, to: ServerResponse) => {
    note(from)
    const onward = request(from.url ?? "", { headers: from.headers, method: from.method }, (answer) => {
      to.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(to)
    })
    onward.on("error", () => to.destroy())
    from.pipe(onward)
  })
  server.on("connect", (from, socket) => {
    note(from)
    if (refuses) {
      socket.end("HTTP/1.1 407 Who are you\r\n\r\n")
      return
    }
    const [host = "", port = ""] = (from.url ?? "").split(":")
    const onward = connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n")
      onward.pipe(socket).pipe(onward)
    })
    for (const one of [onward, socket]) one.on("error", () => [onward, socket].map((end) => end.destroy()))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    asked,
    url: `http://user:hidden@127.0.0.1:${(server.address() as AddressInfo).port}`,
    refuse: () => {
      refuses = true
    },
    [Symbol.dispose]: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

const hubAt = (url: string, environment: Record<string, string>): Hub => ({
  base: readHubUrl(url),
  token: "hf_hidden",
  clock: systemClock(),
  random: () => 0.5,
  limits: { ...HUB_LIMITS, tries: 2, firstWaitMs: 1 },
  fetch: proxiedFetch(environment),
})
const fileOf = (hub: Hub, bytes = BYTES.length) =>
  new HubFile(hub, { repository: "lab/one", commit: "c0ffee", path: "m.gguf", bytes })

test("a hub is asked through HTTP_PROXY, but not where NO_PROXY names it", async () => {
  using proxy = await startProxy()
  await using server = await HubServer.start()
  const { commit } = server.add("lab/one", { "m.gguf": BYTES })
  const read = (environment: Record<string, string>) =>
    new HubFile(hubAt(server.url, environment), {
      repository: "lab/one",
      commit,
      path: "m.gguf",
      bytes: BYTES.length,
    }).read(1_000, 200_000, signal)
  assert.deepEqual(
    await read({ http_proxy: proxy.url.replace("http://user:hidden@", "") }),
    BYTES.subarray(1_000, 201_000),
  )
  // The hub, and where it leads to.
  assert.deepEqual(
    proxy.asked.map(({ what }) => what.replace(/\d+\/.*/, "")),
    Array(2).fill("GET http://127.0.0.1:"),
  )
  assert.deepEqual(await read({ HTTP_PROXY: proxy.url, NO_PROXY: "127.0.0.1" }), BYTES.subarray(1_000, 201_000))
  assert.deepEqual(await read({ HTTPS_PROXY: proxy.url }), BYTES.subarray(1_000, 201_000))
  assert.equal(proxy.asked.length, 2)
})

const skip = spawnSync("openssl", ["version"]).status === 0 ? false : "there is no openssl here"
test("a hub with https is asked through a tunnel, in which the proxy sees no token", { skip }, async () => {
  using folder = new ScratchFolder()
  using proxy = await startProxy()
  const names = { hosts: ["localhost"], addresses: ["127.0.0.1"] }
  await ownCertificate(folder.at("tls"), systemClock(), names)
  const [cert, key] = [readFileSync(folder.at("tls/cert.pem"), "utf8"), readFileSync(folder.at("tls/key.pem"), "utf8")]
  const before = getCACertificates("default")
  setDefaultCACertificates([...before, cert])
  const tokens: (string | undefined)[] = []
  const secure = createSecureServer({ cert, key }, ({ headers }, answer) => {
    tokens.push(headers.authorization)
    answer.end(BYTES)
  })
  await new Promise<void>((resolve) => secure.listen(0, "127.0.0.1", resolve))
  try {
    const { port } = secure.address() as AddressInfo
    const hub = hubAt(`https://127.0.0.1:${port}`, { HTTPS_PROXY: proxy.url })
    assert.deepEqual(await fileOf(hub).read(0, BYTES.length, signal), BYTES)
    assert.deepEqual(
      [tokens, proxy.asked.map(({ what }) => what)],
      [["Bearer hf_hidden"], [`CONNECT 127.0.0.1:${port}`]],
    )
    assert.doesNotMatch(proxy.asked[0]?.headers ?? "", /hf_hidden/)
    proxy.refuse()
    const anew = hubAt(`https://127.0.0.1:${port}`, { HTTPS_PROXY: proxy.url })
    await assert.rejects(fileOf(anew).read(0, BYTES.length, signal), (error: Error) => {
      assert.match(error.message, /Cannot fetch m\.gguf of lab\/one: .*ERR_PROXY_TUNNEL/)
      assert.doesNotMatch(error.message, /hidden/)
      return true
    })
  } finally {
    setDefaultCACertificates(before)
    secure.close()
    secure.closeAllConnections()
  }
})

test("what is no proxy is refused once it is to be used, and not repeated", async () => {
  for (const bad of ["proxy:3128x", "socks5://user:hidden@proxy", "//"])
    await assert.rejects(
      fileOf(hubAt("https://127.0.0.1:1", { HTTPS_PROXY: bad })).read(0, 10, signal),
      (error: Error) =>
        /^Cannot use HTTPS_PROXY: it is no address of a proxy/.test(error.message) && !/hidden/.test(error.message),
    )
  assert.equal(proxiedFetch({ NO_PROXY: "*", HTTPS_PROXY: "" }), undefined)
})

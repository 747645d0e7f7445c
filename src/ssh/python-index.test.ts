import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { test } from "node:test"
import { deflateRawSync } from "node:zlib"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import { askIndex, fetchFromIndex, indexForHosts, pythonIndex } from "./python-index.ts"
import { UvShelf } from "./uv-shelf.ts"
import { readWheelFile } from "./wheel-file.ts"

/** A small index on loopback that answers by path. */
async function startIndex(pages: Readonly<Record<string, string | { readonly location: string }>>) {
  const server = createServer((request, response) => {
    const page = pages[request.url ?? ""]
    if (page === undefined) response.writeHead(404).end()
    else if (typeof page === "string") response.end(page)
    else response.writeHead(302, page).end()
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  return {
    index: pythonIndex({ PIP_INDEX_URL: `http://127.0.0.1:${port}/simple/` }),
    [Symbol.dispose]: () => void server.close(),
  }
}

const signal = new AbortController().signal

test("a file is found in an index by its name, in HTML and in JSON, relative links and redirects too", async () => {
  using started = await startIndex({
    "/simple/html/": '<a href="../../files/html-1.whl#sha256=00">x</a>',
    "/simple/json/": '{"files": [{"filename": "json-1.whl", "url": "/moved/json-1.whl"}]}',
    "/files/html-1.whl": "of html",
    "/moved/json-1.whl": { location: "/files/json" },
    "/files/json": "of json",
  })
  assert.equal(String(await fetchFromIndex(started.index, "html", "html-1.whl", signal)), "of html")
  assert.equal(String(await fetchFromIndex(started.index, "json", "json-1.whl", signal)), "of json")
  await assert.rejects(fetchFromIndex(started.index, "html", "html-2.whl", signal), /does not have html-2\.whl/)
  await assert.rejects(askIndex(started.index, "none", signal), (error: { hint?: string; message: string }) => {
    assert.match(error.message, /status 404/)
    return /UV_DEFAULT_INDEX/.test(error.hint ?? "")
  })
})

test("the index is that of uv's settings, then of pip's", () => {
  assert.equal(pythonIndex({ UV_DEFAULT_INDEX: "http://a", PIP_INDEX_URL: "http://b" }).url, "http://a")
  assert.equal(pythonIndex({ PIP_INDEX_URL: "http://b" }).url, "http://b")
  assert.equal(indexForHosts({ UV_DEFAULT_INDEX: "http://a/simple" }), "http://a/simple")
  // What a host's job is told everybody can read.
  for (const environment of [{}, { UV_DEFAULT_INDEX: "http://me:secret@a/simple" }, { PIP_INDEX_URL: "no address" }])
    assert.equal(indexForHosts(environment), null)
  assert.equal(pythonIndex({ SSL_CERT_FILE: "/x.pem" }).certificateFile, "/x.pem")
})

test("a wheel that is not the pinned one is refused, and nothing of it is kept", async () => {
  using scratch = new ScratchFolder()
  const name = "uv-0.13.9-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
  using started = await startIndex({ "/simple/uv/": `<a href="/${name}">x</a>`, [`/${name}`]: "something else" })
  const shelf = new UvShelf(scratch.path, started.index)
  await assert.rejects(shelf.get("linux-x64", signal), { code: "corrupt_data" })
  await assert.rejects(shelf.get("linux-x64", signal), { code: "corrupt_data" })
})

test("readWheelFile() takes a file out of a zip, packed or not", () => {
  const zip = makeZip({ "a/plain": ["stored", false], "a/packed": ["packed ".repeat(100), true] })
  assert.equal(String(readWheelFile(zip, "a/plain")), "stored")
  assert.equal(createHash("sha256").update(readWheelFile(zip, "a/packed")).digest("hex").length, 64)
  assert.equal(String(readWheelFile(zip, "a/packed")), "packed ".repeat(100))
  assert.throws(() => readWheelFile(zip, "b"), { code: "corrupt_data" })
  assert.throws(() => readWheelFile(Buffer.from("no zip at all"), "a"), { code: "corrupt_data" })
})

function makeZip(files: Readonly<Record<string, readonly [string, boolean]>>): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const [name, [text, packed]] of Object.entries(files)) {
    const content = packed ? deflateRawSync(text) : Buffer.from(text)
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x04034b50)
    local.writeUInt16LE(name.length, 26)
    const entry = Buffer.alloc(46)
    entry.writeUInt32LE(0x02014b50)
    entry.writeUInt16LE(packed ? 8 : 0, 10)
    entry.writeUInt32LE(content.length, 20)
    entry.writeUInt16LE(name.length, 28)
    entry.writeUInt32LE(offset, 42)
    directory.push(entry, Buffer.from(name))
    parts.push(local, Buffer.from(name), content)
    offset += local.length + name.length + content.length
  }
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50)
  end.writeUInt16LE(Object.keys(files).length, 10)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...parts, ...directory, end])
}

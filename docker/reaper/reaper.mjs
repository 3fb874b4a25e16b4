// Removes what a killed test run left behind, in the place of testcontainers/ryuk and by its protocol: on port 8080 each
// connection sends lines such as `label=a=b&label=c=d`, each of which is answered by `ACK`. When the last connection has
// been gone for RYUK_RECONNECTION_TIMEOUT, all containers, networks, volumes and images that bear all labels of a line are
// removed, and the reaper ends, which removes its own container.
import { request } from 'node:http'
import { createServer } from 'node:net'
import { text } from 'node:stream/consumers'

const DAEMON = '/var/run/docker.sock'
const REAPER_LABEL = 'org.testcontainers.ryuk'
const ANSWER_WITHIN_MS = 30_000

/** Go's way to write durations, as far as ryuk's settings go: `10s`, `500ms`, `2m`. */
function milliseconds(text, otherwise) {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text ?? '') ?? []
  return number === undefined ? otherwise : Number(number) * { ms: 1, s: 1000, m: 60_000 }[unit]
}
const reconnectionMs = milliseconds(process.env.RYUK_RECONNECTION_TIMEOUT, 10_000)
const firstConnectionMs = milliseconds(process.env.RYUK_CONNECTION_TIMEOUT, 60_000)

/** Each a list of labels, as JSON. */
const filters = new Set()
let connections = 0
let ending
endUnlessConnected(firstConnectionMs)

const server = createServer((socket) => {
  connections++
  clearTimeout(ending)
  let rest = ''
  socket.setEncoding('utf8')
  socket.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()
    for (const line of lines) {
      const labels = labelsOf(line.trim())
      if (labels.length === 0) continue
      filters.add(JSON.stringify(labels))
      socket.write('ACK\n')
    }
  })
  // A harness that is killed may reset its connection; 'close' follows.
  socket.on('error', () => {})
  socket.on('close', () => {
    connections--
    if (connections === 0) endUnlessConnected(reconnectionMs)
  })
})
server.listen(8080, '0.0.0.0', () => say('Started!'))
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => void removeAll())

function labelsOf(line) {
  return line
    .split('&')
    .filter((part) => part.startsWith('label='))
    .map((part) => decodeURIComponent(part.slice('label='.length)))
}

function endUnlessConnected(ms) {
  ending = setTimeout(() => void removeAll(), ms)
}

async function removeAll() {
  for (const filter of filters) await removeLabelled(filter).catch((error) => say(String(error)))
  process.exit(0)
}

/** Containers first: networks, volumes and images that are in use cannot be removed. */
async function removeLabelled(labels) {
  const query = `filters=${encodeURIComponent(JSON.stringify({ label: JSON.parse(labels) }))}`
  const containers = await ask('GET', `/containers/json?all=1&${query}`)
  const others = containers.filter(({ Labels }) => Labels?.[REAPER_LABEL] !== 'true')
  await removeEach(others, ({ Id }) => `/containers/${Id}?force=1&v=1`)
  await removeEach(await ask('GET', `/networks?${query}`), ({ Id }) => `/networks/${Id}`)
  await removeEach((await ask('GET', `/volumes?${query}`)).Volumes ?? [], ({ Name }) => `/volumes/${encodeURIComponent(Name)}?force=1`)
  await removeEach(await ask('GET', `/images/json?${query}`), ({ Id }) => `/images/${Id}?force=1`)
}

async function removeEach(things, pathOf) {
  for (const path of things.map(pathOf)) {
    await ask('DELETE', path).then(
      () => say(`removed ${path}`),
      (error) => say(String(error)),
    )
  }
}

async function ask(method, path) {
  const response = await new Promise((done, fail) => {
    request({ socketPath: DAEMON, method, path, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) }, done)
      .on('error', fail)
      .end()
  })
  const body = await text(response)
  // What is gone already needs no removal.
  if (response.statusCode >= 300 && response.statusCode !== 404) throw new Error(`${method} ${path}: ${response.statusCode} ${body}`)
  return body === '' ? undefined : JSON.parse(body)
}

function say(line) {
  process.stdout.write(`${line}\n`)
}

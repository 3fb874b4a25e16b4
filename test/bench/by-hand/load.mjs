import { Agent, get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

const EVERY_MS = 10
const agent = new Agent({ keepAlive: true })
const target = { host: '127.0.0.1', port: process.env.LISTENER_PORT, path: '/', agent }

/** The status, or 0 where none came. */
const ask = () =>
  new Promise((resolve) => {
    get(target, (response) => response.resume().on('end', () => resolve(response.statusCode))).on('error', () => resolve(0))
  })

while ((await ask()) !== 200) await sleep(2)

const begun = performance.now()
const answers = []
for (let due = 0; due < Number(process.env.LOAD_MS); due += EVERY_MS) {
  await sleep(Math.max(0, begun + due - performance.now()))
  answers.push(ask())
}
const good = (await Promise.all(answers)).filter((status) => status === 200).length
await sleep(Math.max(0, begun + Number(process.env.LOAD_MS) - performance.now()))
process.stdout.write(`${good} of ${answers.length} answered with 200\n`)
process.exit(good === answers.length ? 0 : 1)

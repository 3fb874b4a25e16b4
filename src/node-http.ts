/**
 * Node's HTTP, loaded as `require` would. An `import` reads every export of the module, and some of them (`WebSocket` and
 * its kin) then load the whole undici inside Node: 35 of the 85 ms that a stub took to come up.
 */
export const { Agent, createServer, request, validateHeaderName, validateHeaderValue } = process.getBuiltinModule('node:http')

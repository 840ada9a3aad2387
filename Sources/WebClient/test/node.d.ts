// The two modules of node that the tests use, so that no type package is needed.

declare module 'node:test' {
  export default function test(name: string, body: () => void | Promise<void>): void
}

declare module 'node:assert/strict' {
  interface Assert {
    ok(value: unknown, message?: string): asserts value
    equal<Value>(actual: Value, expected: Value, message?: string): void
    notEqual<Value>(actual: Value, expected: Value, message?: string): void
    deepEqual(actual: unknown, expected: unknown, message?: string): void
  }
  const assert: Assert
  export default assert
}

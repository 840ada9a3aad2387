// A value that tells its observers when it changes: the one way in which state reaches the view.

export interface ReadonlyStore<Value> {
  get(): Value
  subscribe(observer: () => void): () => void
}

export class Store<Value> implements ReadonlyStore<Value> {
  private observers = new Set<() => void>()

  constructor(private value: Value) {}

  get = (): Value => this.value

  set(next: Value): void {
    if (Object.is(next, this.value)) return
    this.value = next
    for (const observer of [...this.observers]) observer()
  }

  update(change: (value: Value) => Value): void {
    this.set(change(this.value))
  }

  subscribe = (observer: () => void): (() => void) => {
    this.observers.add(observer)
    return () => this.observers.delete(observer)
  }
}

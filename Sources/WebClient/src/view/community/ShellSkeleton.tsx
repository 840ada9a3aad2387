// The frame before there is anything in it: what loads takes the place of what stands here.

const rows = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

export function ShellSkeleton(): JSX.Element {
  return (
    <div className="shell" aria-busy="true">
      <aside className="sidebar">{rows(8).map((row) => <div key={row} className="skeleton line" style={{ width: `${80 - (row * 17) % 40}%` }} />)}</aside>
      <main className="chat">
        {rows(6).map((row) => (
          <div key={row} className="skeleton-message">
            <div className="skeleton circle" />
            <div><div className="skeleton line" style={{ width: 120 }} /><div className="skeleton line" style={{ width: `${90 - (row * 23) % 50}%` }} /></div>
          </div>
        ))}
      </main>
      <aside className="members">{rows(6).map((row) => <div key={row} className="skeleton line" />)}</aside>
    </div>
  )
}

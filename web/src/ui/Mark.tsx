/** The product's mark: three tilted orbits with one body each. `running` moves the bodies. */
interface MarkProps {
  size?: number;
  running?: boolean;
  className?: string;
}

/** Half axes of the orbits, and how long the body takes to go round, in seconds. */
const orbits = [
  { rx: 14, ry: 10.5, start: -30, seconds: 6 },
  { rx: 9.2, ry: 6.9, start: 155, seconds: 4 },
  { rx: 4.4, ry: 3.3, start: 35, seconds: 2.4 },
] as const;

export function Mark({ size = 24, running = false, className }: MarkProps) {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 32 32"
      fill="none"
      stroke="currentColor"
      strokeWidth={size <= 20 ? 2.2 : 1.6}
      className={className}
    >
      <g transform="rotate(-18 16 16)">
        {orbits.map(({ rx, ry, start, seconds }) => {
          const angle = (start * Math.PI) / 180;
          const body = size <= 20 ? 2.6 : 2.1;
          const path = `M ${16 + rx} 16 A ${rx} ${ry} 0 1 1 ${16 - rx} 16 A ${rx} ${ry} 0 1 1 ${16 + rx} 16`;
          return (
            <g key={rx}>
              <ellipse cx="16" cy="16" rx={rx} ry={ry} />
              {running ? (
                <circle r={body} fill="currentColor" stroke="none">
                  <animateMotion dur={`${seconds}s`} repeatCount="indefinite" path={path} />
                </circle>
              ) : (
                <circle
                  cx={16 + rx * Math.cos(angle)}
                  cy={16 + ry * Math.sin(angle)}
                  r={body}
                  fill="currentColor"
                  stroke="none"
                />
              )}
            </g>
          );
        })}
      </g>
    </svg>
  );
}

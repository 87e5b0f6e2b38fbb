/** The product's mark, the same as public/favicon.svg. */
export function Logo({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" fill="none" aria-hidden>
      <rect width="32" height="32" rx="8" fill="#b84714" />
      <g stroke="#fff" strokeWidth="2.6" strokeLinecap="round">
        <path d="M10 8h9.5M10 13h12M10 18h6" />
        <circle cx="19.5" cy="20" r="4.2" />
        <path d="m22.8 23.3 2.7 2.7" />
      </g>
    </svg>
  );
}

import { Switch } from "radix-ui";

interface ToggleProps {
  label: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
  /** Hides the words from the eye where a heading beside says them. */
  bare?: boolean;
}

export function Toggle({ label, checked, onChange, disabled, bare }: ToggleProps) {
  return (
    <span className="inline-flex items-center gap-2">
      <Switch.Root
        aria-label={label}
        checked={checked}
        onCheckedChange={onChange}
        disabled={disabled}
        className="h-5 w-9 shrink-0 rounded-full border border-line-strong bg-line transition-colors duration-150 disabled:opacity-50 data-[state=checked]:border-brass data-[state=checked]:bg-brass"
      >
        <Switch.Thumb className="block size-3.5 translate-x-0.5 rounded-full bg-text transition-transform duration-150 data-[state=checked]:translate-x-[18px] data-[state=checked]:bg-on-brass" />
      </Switch.Root>
      {!bare && <span aria-hidden="true">{label}</span>}
    </span>
  );
}

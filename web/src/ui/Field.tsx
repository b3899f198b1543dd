import { clsx } from "clsx";
import {
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useId,
} from "react";

interface FieldProps {
  label: string;
  help?: ReactNode;
  /** Takes the place of the help, and says how to mend it. */
  error?: string | undefined;
  required?: boolean;
  /** Hides the label from the eye, for filters and single-field bars. */
  bare?: boolean;
  className?: string;
  children: (ids: {
    id: string;
    "aria-describedby": string | undefined;
    "aria-invalid": boolean | undefined;
  }) => ReactNode;
}

const box =
  "w-full rounded-control border border-line-strong/60 bg-surface text-text placeholder:text-muted hover:border-line-strong aria-invalid:border-bad";

/** Label above, help below; an error replaces the help. */
export function Field({ label, help, error, required, bare, className, children }: FieldProps) {
  const id = useId();
  const note = error ?? help;
  const noteId = note ? `${id}-note` : undefined;
  return (
    <div className={clsx("flex flex-col gap-1", className)}>
      <label htmlFor={id} className={bare ? "sr-only" : "font-medium"}>
        {label}
        {required && (
          <span aria-hidden="true" className="ml-0.5 text-bad">
            {"*"}
          </span>
        )}
      </label>
      {children({ id, "aria-describedby": noteId, "aria-invalid": error ? true : undefined })}
      {note && (
        <div
          id={noteId}
          role={error ? "alert" : undefined}
          className={clsx("text-xs", error ? "text-bad" : "text-muted")}
        >
          {note}
        </div>
      )}
    </div>
  );
}

type Common = Omit<FieldProps, "children">;
type Own<T> = Omit<T, "className" | "children"> & Common;

export function TextField({
  label,
  help,
  error,
  bare,
  className,
  ...rest
}: Own<InputHTMLAttributes<HTMLInputElement>>) {
  return (
    <Field {...{ label, help, error, bare, className }} required={rest.required}>
      {(ids) => <input type="text" {...rest} {...ids} className={clsx(box, "h-8 px-2.5")} />}
    </Field>
  );
}

export function TextArea({
  label,
  help,
  error,
  bare,
  className,
  ...rest
}: Own<TextareaHTMLAttributes<HTMLTextAreaElement>>) {
  return (
    <Field {...{ label, help, error, bare, className }} required={rest.required}>
      {(ids) => (
        <textarea rows={4} {...rest} {...ids} className={clsx(box, "resize-y px-2.5 py-1.5")} />
      )}
    </Field>
  );
}

interface SelectProps extends Own<SelectHTMLAttributes<HTMLSelectElement>> {
  options: readonly { value: string; label: string; disabled?: boolean }[];
}

/** The platform's own select: best for keyboards, readers and phones. */
export function SelectField({
  label,
  help,
  error,
  bare,
  className,
  options,
  ...rest
}: SelectProps) {
  return (
    <Field {...{ label, help, error, bare, className }} required={rest.required}>
      {(ids) => (
        <select {...rest} {...ids} className={clsx(box, "h-8 px-2")}>
          {options.map((option) => (
            <option key={option.value} value={option.value} disabled={option.disabled}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

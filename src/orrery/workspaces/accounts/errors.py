"""What may go wrong with accounts, in the contract's codes (product reference, 2 and 9)."""

from __future__ import annotations

from orrery.errors import BadRequest, Conflict, Forbidden, InvalidParam, TooManyRequests, Unauthorized


class NotSetup(Unauthorized):
    """No owner exists yet."""

    code = "not_setup"
    default_message = "Orrery has not been set up yet. Create the owner's account first."


class NotInitValidated(Unauthorized):
    """INIT_PASSWORD is set and this browser has not given it."""

    code = "not_init_validated"
    default_message = "The installation password has not been given yet."


class InitValidateFailed(Unauthorized):
    """The installation password is wrong."""

    code = "init_validate_failed"
    default_message = "The installation password is wrong."


class AlreadySetup(Forbidden):
    """The owner exists; there is only one first run."""

    code = "already_setup"
    default_message = "Orrery is set up already. Sign in instead."


class AuthenticationFailed(Unauthorized):
    """Wrong mail or password; never says which."""

    code = "authentication_failed"
    default_message = "Invalid email or password."


class SignInLocked(TooManyRequests):
    """Too many wrong passwords; the code is the contract's, misnamed there."""

    code = "email_code_login_limit"
    default_message = "Too many incorrect password attempts. Please try again later."


class PasswordLoginOff(Forbidden):
    """ENABLE_EMAIL_PASSWORD_LOGIN is false."""

    default_message = "Signing in with a password is switched off here."


class AccountBanned(BadRequest):
    """An administrator closed the door to this account."""

    code = "account_banned"
    default_message = "Account is banned."


class AccountNotFound(BadRequest):
    """No such account."""

    code = "account_not_found"
    default_message = "Account not found."


class InvalidEmail(BadRequest):
    """Not a mail address, or not the invited one."""

    code = "invalid_email"
    default_message = "The email address is not valid."


class EmailInUse(Conflict):
    """Another account has the mail address."""

    status = 400
    code = "email_already_in_use"
    default_message = "A user with this email already exists."


class AlreadyActivated(Forbidden):
    """The invitation was used, has expired, or never existed."""

    code = "already_activate"
    default_message = "The invitation is invalid, has expired, or was used already. Ask for a new one."


class RepeatPasswordMismatch(BadRequest):
    """The new password and its repetition differ."""

    code = "repeat_password_not_match"
    default_message = "New password and repeat password do not match."


class CurrentPasswordIncorrect(BadRequest):
    """The current password is wrong."""

    code = "current_password_incorrect"
    default_message = "Current password is incorrect."


class WeakPassword(InvalidParam):
    """The password breaks the rule."""

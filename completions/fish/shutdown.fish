# Completion of shutdown(8) for fish, and of its names.

for name in shutdown halt poweroff reboot telinit
    complete -c $name -e
    complete -c $name -f
end
for name in shutdown halt poweroff reboot
    complete -c $name -s f -d 'at once, in no order'
    complete -c $name -s V -d 'print the version'
end
complete -c shutdown -s h -d 'power off'
complete -c shutdown -s P -d 'power off'
complete -c shutdown -s H -d halt
complete -c shutdown -s r -d reboot
complete -c shutdown -a 'now +1 +5 +10'
complete -c telinit -a '0\t"power off" 1\t"single user" S\t"single user" 6\treboot q\t"look at the services"'

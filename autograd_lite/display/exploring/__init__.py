"""The curve of a function with its tangent, to drag: `explore`.

A function is recorded with its first two derivatives, as one program, which the page runs; what it shows as slopes,
kinks, poles and saturation are that program's numbers. `recording` makes the program, `picture` what stands where no
script runs, `exploration` the page.
"""
